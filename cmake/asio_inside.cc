// Asio's inside, where it is not compiled in every file that uses it: see compiler.cmake.

#ifdef BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/impl/src.hpp>
#endif
