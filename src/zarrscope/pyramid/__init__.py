"""How coarser levels come from finer ones: factors, layout, kernels and the one pass."""
