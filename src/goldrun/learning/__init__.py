"""How models are trained, judged and drawn, from pandas frames in memory."""
