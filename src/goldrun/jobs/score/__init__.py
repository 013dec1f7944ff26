"""Customers scored with the champion."""
