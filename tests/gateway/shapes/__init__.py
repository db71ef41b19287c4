"""Tests of what requests ask and how replies are written."""
