#pragma once

// The two functions of the AWS sample, by their names.
#include "meta/get_latest_recording_start_meta.h"
#include "meta/save_recording_start_meta.h"
