"""The API object that crabcache's config.py names in data.object."""
import os

import cherrypy
from WMCore.REST.Format import JSONFormat
from WMCore.REST.Server import RESTApi, RESTEntity, restcall
from WMCore.REST.Validation import validate_str

from UserFileCache import __version__


class RESTInfo(RESTEntity):
    """/crabcache/info"""

    def validate(self, apiobj, method, api, param, safe):
        if not (cherrypy.request.user or {})['login']:
            raise cherrypy.HTTPError(403, 'You are not allowed to access this resource.')
        validate_str('subresource', param, safe, r'^[a-z]+$', optional=True)

    @restcall
    def get(self, subresource):
        return [{'crabcache': 'Welcome', 'version': __version__}]


class RESTBaseAPI(RESTApi):
    """Demands the folder that it keeps files in."""

    def __init__(self, app, config, mount):
        RESTApi.__init__(self, app, config, mount)
        self.formats = [('application/json', JSONFormat())]
        os.listdir(config.cachedir)
        self._add({'info': RESTInfo(app, self, config, mount)})
