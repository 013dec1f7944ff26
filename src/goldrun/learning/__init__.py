"""Training, evaluation and plots of models, from pandas frames in memory."""
