# What the release depends on; sourced by init.sh.
export PYTHON_LIB_SITE_PACKAGES=lib/python3.9/site-packages
export PYTHONPATH="$(dirname "${BASH_SOURCE[0]}")/../../external/${PYTHON_LIB_SITE_PACKAGES}${PYTHONPATH:+:$PYTHONPATH}"
