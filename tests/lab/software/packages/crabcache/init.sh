# Environment of the package; cmspkg puts the folder and the version of the installed package in place of the marks.
. @DIR@/etc/profile.d/dependencies-setup.sh
export CRABCACHE_ROOT=@DIR@
export USERFILECACHE_VERSION=@VERSION@
export PATH=@DIR@/bin:$PATH
[ ! -d @DIR@/${PYTHON_LIB_SITE_PACKAGES} ] || export PYTHONPATH="@DIR@/${PYTHON_LIB_SITE_PACKAGES}${PYTHONPATH:+:$PYTHONPATH}";
[ ! -d @DIR@/x${PYTHON_LIB_SITE_PACKAGES} ] || export PYTHONPATH="@DIR@/x${PYTHON_LIB_SITE_PACKAGES}${PYTHONPATH:+:$PYTHONPATH}";
