# Environment of the package; cmspkg puts the folder and the version of the installed package in place of the marks.
export CRABCACHE_ROOT=@DIR@
export USERFILECACHE_VERSION=@VERSION@
export PATH=@DIR@/bin:$PATH
export PYTHONPATH=@DIR@/lib/python3.9/site-packages${PYTHONPATH:+:$PYTHONPATH}
