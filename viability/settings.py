"""Django's settings: one file, read from the environment through `viability.env`, safe by default.

`docker/env.example` lists every variable that is read here.
"""

from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from viability import env

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(env.text("VIABILITY_HOME", ".viability")).expanduser().absolute()

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", file=HOME / "secret_key")
# The first key encrypts; the others still decrypt, so that keys can be rotated.
STORED_SECRET_KEYS = env.secret("VIABILITY_SECRET_KEYS", file=HOME / "stored_secrets_key")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS", default=False)
# An admin's setting: may endpoints that were entered in the browser be on this network?
ALLOW_PRIVATE_ENDPOINTS = env.flag("ALLOW_PRIVATE_ENDPOINTS", default=False)
UPLOAD_LIMIT_BYTES = env.integer("UPLOAD_LIMIT_MB", 1000, at_least=1) * 1_000_000
SHARD_SIZE = env.integer("SHARD_SIZE", 64, at_least=1)


def database(url: str) -> dict[str, Any]:
    """Return Django's description of a PostgreSQL URL; a socket folder goes in `host`."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:  # its own words quote the URL, and with it a password
        raise env.BadSetting(
            "DATABASE_URL is no PostgreSQL URL: expected postgresql://user:password@host:port/name"
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "viability"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


DATABASES = {"default": database(env.text("DATABASE_URL", "postgresql:///viability"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = env.text("BROKER_URL", "memory://")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 900,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # A broker that hangs must not hang the page that rings.
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Who rings waits for no broker: beat rings again for what was not heard.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    # A ring that no worker heard in time is not worth hearing later.
    "ring-for-unfinished-work": {
        "task": "evals.ring_unfinished",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "forget-old-uploads": {"task": "evals.forget_uploads", "schedule": 3600.0},
    # Often enough for a price that begins today, and next to nothing where none is new.
    "sync-prices": {"task": "evals.sync_prices", "schedule": 3600.0},
    "delete-old-answers": {"task": "evals.delete_old_answers", "schedule": 86_400.0},
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "evals",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "evals.web.methods.html_refusals",
    "evals.api.methods.json_refusals",
]

ROOT_URLCONF = "viability.urls"
WSGI_APPLICATION = "viability.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "evals.web.navigation.navigation",
            ],
            "builtins": [
                "evals.templatetags.longtext",
                "evals.templatetags.terms",
                "evals.templatetags.undo",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["viability.templates.Loader"],
                )
            ],
        },
    }
]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "evals.web.chartfiles.PlotlyFinder",
    "evals.web.versionedfiles.VersionedFinder",
]
# Serving straight from the finders keeps one start-up step away: nothing to collect.
WHITENOISE_USE_FINDERS = True
# What has its version in its address never changes.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/static/(plotly-[0-9.]+|v-[0-9a-f]{12})/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "evals.web.versionedfiles.VersionedStorage"},
}
MEDIA_ROOT = HOME / "uploads"
FILE_UPLOAD_HANDLERS = ["evals.web.uploading.LimitedUploadHandler"]
FILE_UPLOAD_TEMP_DIR: str | None = None
FILE_UPLOAD_PERMISSIONS = 0o600

AUTH_USER_MODEL = "evals.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "evals:sign_in"
LOGIN_REDIRECT_URL = "evals:portfolio"
LOGOUT_REDIRECT_URL = "evals:sign_in"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"hide_tokens": {"()": "evals.web.secretpaths.HideTokens"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["hide_tokens"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "evals": {"level": "INFO"},
        "viability": {"level": "INFO"},
        # One line for each ring of the doorbell would drown the lines that matter.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
