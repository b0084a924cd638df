#include "base/shared_file.h"

#include <unistd.h>

namespace oxbow {

SharedFile::~SharedFile() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace oxbow
