"""A small user file cache on the real WMCore server: only its info resource, so that the service runs and answers."""
import os

__version__ = os.environ.get('USERFILECACHE_VERSION', 'development')
