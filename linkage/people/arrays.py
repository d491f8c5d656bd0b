"""Names for the array types that travel between the modules of this package."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]  # of str, or None where nothing is written
Days: TypeAlias = npt.NDArray[np.datetime64]  # whole days; NaT where no date is written
