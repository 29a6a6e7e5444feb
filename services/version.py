"""The program's version, stored with every run."""

VERSION = "0.4.0"
