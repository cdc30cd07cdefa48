"""The corpora that the pipeline knows; another one is a module beside them, and a name here."""

from stages.lib.corpora import ravdess, tess

CORPORA = (ravdess, tess)
