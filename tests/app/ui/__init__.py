"""Tests of the app in the browser, without one."""
