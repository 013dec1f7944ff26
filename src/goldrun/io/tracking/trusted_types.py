"""Types that a model's file may hold beside skops' defaults, each reviewed."""

TRUSTED_TYPES = frozenset(
    {
        # The type of an array's elements. SimpleImputer keeps it.
        "numpy.dtype",
        # SplineTransformer: knots, coefficients and degree of a curve, and the function of numpy
        # that it converts arrays with. Neither runs code of the file.
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
        # Trees of HistGradientBoosting: arrays of nodes. scikit-learn follows the numbers in them
        # without a check of bounds, so goldrun.io.tracking.trees checks them after loading.
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        # Calibration: a classifier with its calibrators, and the two numbers of a sigmoid.
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
    }
)
"""Types that goldrun loads, and no others: a model's own list (``MLmodel``) is not followed."""
