#pragma once

#include "image/image.h"

namespace banyan {

/// A picture of noise, 640 x 480, the same each time: for measuring, where no other is given. It takes the usual way
/// through the letterbox, and the work of a network does not depend on what it shows.
Image random_picture();

} // namespace banyan
