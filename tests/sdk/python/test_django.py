"""Django twice: with synchronous views behind WSGI, and with asynchronous ones behind ASGI."""

import django
import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.test import override_settings
from django.urls import path
from lifecycle import PAYLOAD, ROUTES, Lifecycle, act, act_sync, view
from support import App, send_to_asgi, send_to_wsgi, start_sdk

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=["supertokens_python.framework.django.django_middleware.middleware"],
)
django.setup()


def synchronous(sdk):
    verify_session = sdk.module("recipe.session.framework.django.syncio").verify_session

    def create(request):
        user = sdk.user_id(request.GET["userId"])
        return JsonResponse(view(sdk.sync_session.create_new_session(request, "public", user, PAYLOAD)))

    def protected(options, what):
        @verify_session(**options)
        def protected(request):
            act_sync(request.supertokens, what)
            return JsonResponse(view(request.supertokens))

        return protected

    return create, protected


def asynchronous(sdk):
    verify_session = sdk.module("recipe.session.framework.django.asyncio").verify_session

    async def create(request):
        user = sdk.user_id(request.GET["userId"])
        return JsonResponse(view(await sdk.session.create_new_session(request, "public", user, PAYLOAD)))

    def protected(options, what):
        @verify_session(**options)
        async def protected(request):
            await act(request.supertokens, what)
            return JsonResponse(view(request.supertokens))

        return protected

    return create, protected


def urls(create, protected):
    return (
        path("create", create),
        *(path(route.removeprefix("/"), protected(options, what)) for _, route, options, what in ROUTES),
    )


class TestDjangoSync(Lifecycle):
    @pytest.fixture(scope="class")
    @classmethod
    def send(cls):
        with App("django-sync") as app:
            sdk = start_sdk(app, "django", "wsgi")
            with override_settings(ROOT_URLCONF=urls(*synchronous(sdk))):
                yield send_to_wsgi(get_wsgi_application())


class TestDjangoAsync(Lifecycle):
    @pytest.fixture(scope="class")
    @classmethod
    def send(cls):
        with App("django-async") as app:
            sdk = start_sdk(app, "django", "asgi")
            with override_settings(ROOT_URLCONF=urls(*asynchronous(sdk))):
                yield send_to_asgi(get_asgi_application())
