"""azure-mgmt-cognitiveservices, the control plane's own client, with its endpoint pointed here."""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

from aoai_magic.azure import LocalCredential

from .client import Client, Failure

PLACE = ("local", "local")  # resource group, account
# azure-core sends no token over plain http unless told that it is meant.
MEANT = {"enforce_https": False}


class Management(Client):
    name = "azure-mgmt-cognitiveservices"
    can = ("deployments", "wrong_key", "no_deployment", "retry")

    def __init__(self, endpoint: str, key: str) -> None:
        super().__init__(endpoint, key)
        self.azure = CognitiveServicesManagementClient(LocalCredential(key), "local", base_url=endpoint)

    def close(self) -> None:
        self.azure.close()

    def ask(self, deployment: str, prompt: str) -> str:
        """No prompts here: the name of the deployment, as the service has it."""
        return str(self.azure.deployments.get(*PLACE, deployment, **MEANT).name)

    def failure(self, error: Exception) -> Failure:
        assert isinstance(error, HttpResponseError)
        return Failure(error.status_code or 0, error.error.code, error.error.message)
