# SPDX-License-Identifier: GPL-2.0-only
"""The bench: what scripts/bench runs."""
