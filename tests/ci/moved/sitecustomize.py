"""For every Python whose clock libfaketime moves: its time.sleep() would end with EINVAL, as the library takes the end of the sleep for a date."""

import select
import time

time.sleep = lambda seconds: select.select([], [], [], seconds) and None
