"""What deploy/check does."""

import re
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# Lambda takes 64 characters, and the longest name of a function is the stack's and "-verify-session-fast".
LONGEST_STACK_NAME = 44


def fault_of_name(stack):
    """What is wrong with the name of a stack, or None."""
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", stack):
        return f"{stack!r} is no name of a stack: it begins with a letter and has letters, digits and hyphens"
    if len(stack) > LONGEST_STACK_NAME:
        return f"the stack's name has {len(stack)} characters; more than {LONGEST_STACK_NAME} make function names too long"
    return None


def advice(log_role):
    """How to set ApiGatewayLogRole where API Gateway has this role for its logs, or none."""
    if log_role:
        return (
            f"ApiGatewayLogRole=existing. API Gateway writes logs by {log_role} in this account and Region, "
            "and create would replace it for every API."
        )
    return "ApiGatewayLogRole=create. API Gateway has no role for logs in this account and Region."


def main(arguments):
    if len(arguments) != 1:
        return "usage: deploy/check STACK-NAME"
    if fault := fault_of_name(arguments[0]):
        return f"deploy/check: {fault}"
    try:
        account = boto3.client("apigateway").get_account()
    except (BotoCoreError, ClientError) as error:
        return f"deploy/check: could not ask API Gateway for the account's settings: {error}"
    print(advice(account.get("cloudwatchRoleArn")))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
