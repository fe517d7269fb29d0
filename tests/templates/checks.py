"""What the templates that users copy say, and what the code inside them does. Run by `run`, in its environment.

The functions and resolvers are taken out of the templates and called with events as API Gateway, AppSync and EventBridge
send them; DynamoDB and API Gateway behind them are stand-ins that remember what they were told.
"""

import contextlib
import copy
import hashlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import time
import types
import unittest
from pathlib import Path
from unittest import mock

import boto3
from botocore.exceptions import NoRegionError
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/template.yaml"))
WHO = {
    "userId": "ada",
    "tenantId": "acme",
    "sessionHandle": "7b306f9e-c99c-447b-9bb1-085aa54bba0c_acme",
    "expiresAt": 1_795_225_508_000,
    "payload": '{"role":"editor"}',
}
PRINCIPAL = {**WHO, "payload": {"role": "editor"}}

logging.getLogger("samtranslator").setLevel(logging.ERROR)


def template(name):
    return yaml_parse((EXAMPLES / name / "template.yaml").read_text())


def sever():
    """Sever's own template, as it is when its functions are built and uploaded."""
    document = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return document


def expanded(document, parameters=None):
    """What CloudFormation makes of a template with these parameters. Nothing in the document is changed."""
    managed_policies = types.SimpleNamespace(load=dict)
    return transform(copy.deepcopy(document), parameters or {}, managed_policies)


def deployed(name):
    """The resources that CloudFormation is given, by type."""
    resources = expanded(template(name))["Resources"]
    by_type = {}
    for logical_id, resource in resources.items():
        by_type.setdefault(resource["Type"], {})[logical_id] = resource["Properties"]
    return by_type


def text(value):
    return json.dumps(value)


def parameters_in(value, document):
    """The parameters that a part of a template depends on, by itself or by a condition."""
    if isinstance(value, list):
        return set().union(*(parameters_in(item, document) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, argument in value.items():
        if key == "Ref":
            found.add(argument)
        if key == "Fn::Sub":
            found |= set(re.findall(r"\$\{(\w+)\}", argument if isinstance(argument, str) else argument[0]))
        condition = argument[0] if key == "Fn::If" else argument if key == "Condition" else None
        if isinstance(condition, str):
            found |= parameters_in(document["Conditions"][condition], document)
        found |= parameters_in(argument, document)
    return found & set(document["Parameters"])


def deployments(document, parameters, at):
    """The logical ids of the deployments of REST APIs, as they come of a deploy at this time."""
    with mock.patch.object(time, "time", return_value=at):
        resources = expanded(document, parameters)["Resources"]
    return {name for name, resource in resources.items() if resource["Type"] == "AWS::ApiGateway::Deployment"}


def authorizers(resources):
    """Those that are functions of Sever, as (name, cache in seconds or None)."""
    for name, properties in resources.get("AWS::ApiGatewayV2::Authorizer", {}).items():
        if properties["AuthorizerType"] == "REQUEST":
            yield name, properties.get("AuthorizerResultTtlInSeconds")
    for api in resources.get("AWS::ApiGateway::RestApi", {}).values():
        for name, scheme in api["Body"]["securityDefinitions"].items():
            yield name, scheme["x-amazon-apigateway-authorizer"].get("authorizerResultTtlInSeconds")
    for name, api in resources.get("AWS::AppSync::GraphQLApi", {}).items():
        yield name, api["LambdaAuthorizerConfig"].get("AuthorizerResultTtlInSeconds")


def unguarded(resources):
    """The routes that no authorizer stands before."""
    for route in resources.get("AWS::ApiGatewayV2::Route", {}).values():
        if "AuthorizerId" not in route:
            yield route["RouteKey"]
    for api in resources.get("AWS::ApiGateway::RestApi", {}).values():
        for path, methods in api["Body"]["paths"].items():
            for method, operation in methods.items():
                if not any(name.endswith("Session") for names in operation.get("security", []) for name in names):
                    yield f"{method} {path}"


class Templates(unittest.TestCase):
    def test_there_are_examples(self):
        self.assertEqual(NAMES, ["appsync", "http-api", "rest-api", "websocket-api"])

    def test_no_authorizer_is_cached(self):
        for name in NAMES:
            with self.subTest(name):
                found = dict(authorizers(deployed(name)))
                # A WebSocket API has no cache to set.
                self.assertEqual(set(found.values()), {None if name == "websocket-api" else 0}, found)

    def test_who_may_invoke_is_one_service_for_one_thing(self):
        for name in NAMES:
            for logical_id, permission in deployed(name)["AWS::Lambda::Permission"].items():
                with self.subTest(name, permission=logical_id):
                    self.assertEqual(permission["Action"], "lambda:InvokeFunction")
                    self.assertRegex(permission["Principal"], r"^(apigateway|appsync|events)\.amazonaws\.com$")
                    self.assertRegex(text(permission["SourceArn"]), "Api|Revocations")

    def test_severs_functions_are_invoked_by_these_authorizers_alone(self):
        exactly = r":\$\{Api\}/authorizers/\$\{StrictSession\.AuthorizerId\}"
        # Authorizers that SAM writes have no id that a template could know.
        others = {"rest-api": r"ApiId__\}/authorizers/\*", "appsync": r'\["Api", "Arn"\]'}
        for name in NAMES:
            with self.subTest(name):
                permissions = deployed(name)["AWS::Lambda::Permission"].values()
                sources = [p["SourceArn"] for p in permissions if "AuthorizerArn" in text(p["FunctionName"])]
                self.assertTrue(sources)
                for source in sources:
                    self.assertRegex(text(source), others.get(name, exactly))

    def test_every_stage_logs_who_called_and_limits_the_rate(self):
        for name in NAMES:
            resources = deployed(name)
            for stage in resources.get("AWS::ApiGatewayV2::Stage", {}).values():
                with self.subTest(name):
                    self.assertGreater(stage["DefaultRouteSettings"]["ThrottlingRateLimit"], 0)
                    self.no_secret(stage["AccessLogSettings"]["Format"])
            for stage in resources.get("AWS::ApiGateway::Stage", {}).values():
                with self.subTest(name):
                    [settings] = stage["MethodSettings"]
                    self.assertEqual((settings["ResourcePath"], settings["HttpMethod"]), ("/*", "*"))
                    self.assertGreater(settings["ThrottlingRateLimit"], 0)
                    self.no_secret(stage["AccessLogSetting"]["Format"])

    def no_secret(self, log_format):
        self.assertEqual(json.loads(log_format)["status"], "$context.status")
        self.assertNotRegex(log_format, r"header|body|query|input|\$context\.path\b")

    def test_an_event_that_closes_no_connection_is_kept(self):
        resources = deployed("websocket-api")
        [rule] = resources["AWS::Events::Rule"].values()
        queue = {"Fn::GetAtt": ["NotClosed", "Arn"]}
        self.assertEqual(rule["Targets"][0]["DeadLetterConfig"], {"Arn": queue})
        self.assertEqual(resources["AWS::Lambda::Function"]["Closer"]["DeadLetterConfig"], {"TargetArn": queue})
        [policy] = resources["AWS::SQS::QueuePolicy"].values()
        [statement] = policy["PolicyDocument"]["Statement"]
        self.assertEqual(statement["Principal"], {"Service": "events.amazonaws.com"})
        self.assertIn("Revocations", text(statement["Condition"]))

    def test_nothing_but_a_preflight_is_unguarded(self):
        allowed = {"rest-api": ["options /me", "options /me/fast"], "websocket-api": ["$disconnect", "$default"]}
        for name in NAMES:
            with self.subTest(name):
                self.assertCountEqual(unguarded(deployed(name)), allowed.get(name, []))

    def test_the_readme_names_the_parameters_and_no_other(self):
        for name in NAMES:
            with self.subTest(name):
                parameters = template(name)["Parameters"]
                command = (EXAMPLES / name / "README.md").read_text().split("--parameter-overrides", 1)[1]
                named = set(re.findall(r"\b([A-Z]\w+)=", command.split("```", 1)[0]))
                self.assertLessEqual(named, set(parameters))
                self.assertLessEqual({p for p, about in parameters.items() if "Default" not in about}, named)


class Sever(unittest.TestCase):
    """Sever's own template, expanded."""

    def test_core_driver_and_its_routes_come_and_go_together(self):
        resources = expanded(sever())["Resources"]
        paths = resources["SessionApi"]["Properties"]["Body"]["paths"]
        core = [path for path in paths if path.startswith("/core")]
        self.assertEqual(sorted(core), ["/core", "/core/{proxy+}"])
        for path in core:
            self.assertEqual(paths[path]["Fn::If"][0], "HasCoreDriver", path)
        for name, resource in resources.items():
            # Its log keeps the audit records.
            if name.startswith("CoreDriver") and name != "CoreDriverLog":
                self.assertEqual(resource["Condition"], "HasCoreDriver", name)

    def functions(self, **parameters):
        """The functions without the stack's name, and the resources by id."""
        resources = expanded(sever(), parameters)["Resources"]
        lambdas = [r for r in resources.values() if r["Type"] == "AWS::Lambda::Function"]
        names = [r["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for r in lambdas]
        return dict(zip(names, lambdas, strict=True)), resources

    def test_a_function_logs_without_lambdas_own_lines_into_the_group_of_its_name(self):
        functions, resources = self.functions()
        self.assertEqual(len(functions), 12)
        for name, function in functions.items():
            config = function["Properties"]["LoggingConfig"]
            self.assertEqual((config["LogFormat"], config["SystemLogLevel"]), ("JSON", "WARN"), name)
            group = resources[config["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]
            self.assertEqual(group, {"Fn::Sub": "/aws/lambda/${AWS::StackName}-" + name})

    def test_tracing_comes_with_the_right_to_write_traces_and_is_off_by_default(self):
        for parameters, active in (({}, False), ({"Tracing": "Active"}, True)):
            functions, resources = self.functions(**parameters)
            for name, function in functions.items():
                with self.subTest(name, active=active):
                    self.assertEqual("TracingConfig" in function["Properties"], active)
                    role = resources[function["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
                    self.assertEqual("XRay" in text(role["ManagedPolicyArns"]).replace("Xray", "XRay"), active)
            stage = resources["SessionApiprodStage"]["Properties"]
            self.assertEqual(stage["TracingEnabled"], {"Fn::If": ["Traces", True, False]})

    def test_concurrency_is_reserved_for_authorizers_and_for_what_anyone_can_call(self):
        functions, resources = self.functions()
        reserved = {}
        for name, function in functions.items():
            condition, value, otherwise = function["Properties"].get("ReservedConcurrentExecutions", {"Fn::If": [0] * 3})["Fn::If"]
            if condition:
                self.assertEqual(otherwise, {"Ref": "AWS::NoValue"}, name)
                reserved.setdefault(value["Ref"], set()).add(name)
        api = resources["SessionApi"]["Properties"]["Body"]
        integrations = {name: f"${{{name}.Arn}}" for name in resources}
        whole = [(path, m) for path, m in api["paths"].items()]
        public = set()
        for _, methods in whole:
            for method, operation in methods.get("Fn::If", [0, methods])[1].items():
                operation = operation.get("Fn::If", [0, operation])[1]
                if method != "options" and not operation.get("security"):
                    uri = text(operation["x-amazon-apigateway-integration"]["uri"])
                    public |= {name for name, arn in integrations.items() if arn in uri}
        public = {resources[name]["Properties"]["FunctionName"]["Fn::Sub"].split("}-")[1] for name in public}
        authorizers = {"verify-session", "verify-session-fast"}
        self.assertEqual(reserved, {"AuthorizerReservedConcurrency": authorizers, "PublicReservedConcurrency": public})

    def test_an_account_setting_is_changed_only_by_choice(self):
        self.assertEqual(sever()["Parameters"]["ApiGatewayLogRole"]["Default"], "existing")

    def test_a_condition_splits_no_empty_text(self):
        # CloudFormation fails on Fn::Select beyond what Fn::Split found; of an empty text it finds nothing sure.
        splits = re.findall(r'"Fn::Split": \[[^]]*\]', text(sever()["Conditions"]))
        self.assertTrue(splits)
        for split in splits:
            self.assertRegex(split, r'"\$\{\w+\}:+"')

    def test_the_execute_api_host_closes_by_a_parameter(self):
        [server] = expanded(sever())["Resources"]["SessionApi"]["Properties"]["Body"]["servers"]
        endpoint = server["x-amazon-apigateway-endpoint-configuration"]
        self.assertEqual(endpoint, {"disableExecuteApiEndpoint": {"Fn::If": ["ClosesExecuteApi", True, False]}})


class Documents(unittest.TestCase):
    """What users paste."""

    documents = [p for p in ROOT.rglob("*.md") if not {"target", "node_modules"} & set(p.relative_to(ROOT).parts)]

    def pasted(self):
        for document in self.documents:
            for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL):
                yield document, block.replace("\\\n", " ")

    def test_every_deploy_names_a_bucket(self):
        # What SAM builds of these templates is larger than CloudFormation takes without one.
        deploys = [(d, line) for d, block in self.pasted() for line in block.splitlines() if line.startswith("sam deploy")]
        self.assertGreaterEqual(len(deploys), 5)
        for document, line in deploys:
            self.assertRegex(line, r"--guided|--resolve-s3|--s3-bucket", document)

    def test_no_shell_function_hides_the_command(self):
        for document, block in self.pasted():
            self.assertNotRegex(block, r"(?m)^\s*(sever|aws|sam|curl|cargo) *\(\)", document)


class Preflight(unittest.TestCase):
    """deploy/check."""

    def setUp(self):
        path = ROOT / "deploy" / "check.py"
        self.check = types.ModuleType("check")
        exec(compile(path.read_text(), str(path), "exec"), vars(self.check))

    def run_with(self, account, *arguments):
        client = types.SimpleNamespace(get_account=mock.Mock(**account))
        printed = io.StringIO()
        with mock.patch.object(boto3, "client", return_value=client), contextlib.redirect_stdout(printed):
            return self.check.main(list(arguments)), printed.getvalue()

    def test_the_longest_name_of_a_stack_is_what_the_longest_function_leaves(self):
        resources = sever()["Resources"].values()
        names = [r["Properties"].get("FunctionName") for r in resources if r["Type"] == "AWS::Serverless::Function"]
        longest = max(len(name["Fn::Sub"].removeprefix("${AWS::StackName}")) for name in names)
        self.assertEqual(self.check.LONGEST_STACK_NAME, 64 - longest)
        self.assertIn(f"({64 - longest} characters", (ROOT / "docs" / "guide" / "deploy.md").read_text())
        for name, good in (("a" * (64 - longest), True), ("a" * (65 - longest), False), ("1a", False), ("a_b", False)):
            self.assertEqual(self.check.fault_of_name(name) is None, good, name)

    def test_it_says_which_log_role_to_choose(self):
        role = "arn:aws:iam::123456789012:role/logs"
        failed, said = self.run_with({"return_value": {"cloudwatchRoleArn": role}}, "sever")
        self.assertIsNone(failed)
        self.assertRegex(said, f"^ApiGatewayLogRole=existing.*{role}")
        failed, said = self.run_with({"return_value": {}}, "sever")
        self.assertIsNone(failed)
        self.assertRegex(said, "^ApiGatewayLogRole=create")

    def test_it_fails_when_it_cannot_find_out(self):
        failed, said = self.run_with({"side_effect": NoRegionError()}, "sever")
        self.assertRegex(failed, "could not ask API Gateway")
        self.assertEqual(said, "")


class RestApiDeployments(unittest.TestCase):
    """A stage serves what was deployed to it, and a deployment is made only of a new logical id."""

    reach = {
        "sever": (sever, {"WebsiteDomain", "CorsAllowHeaders", "CoreDriver", "DisableExecuteApiEndpoint"}),
        "rest-api": (lambda: template("rest-api"), {"WebsiteDomain", "StrictSessionAuthorizerArn", "FastSessionAuthorizerArn"}),
    }

    def test_a_parameter_that_reaches_an_api_deploys_its_stage_anew(self):
        for name, (read, known) in self.reach.items():
            document = read()
            whole = expanded(document)
            apis = [r for r in whole["Resources"].values() if r["Type"] == "AWS::ApiGateway::RestApi"]
            reaching = parameters_in(apis, whole)
            self.assertLessEqual(known, reaching, name)
            for parameter in reaching:
                with self.subTest(name, parameter=parameter):
                    before = deployments(document, {parameter: "https://one.example"}, 1_795_225_508)
                    after = deployments(document, {parameter: "https://two.example"}, 1_795_225_568)
                    self.assertTrue(before and after)
                    self.assertFalse(before & after)

    def test_every_template_with_a_rest_api_is_looked_at(self):
        kinds = {name: template(name)["Resources"].values() for name in NAMES}
        found = [name for name, rs in kinds.items() if any(r["Type"] == "AWS::Serverless::Api" for r in rs)]
        self.assertEqual(["sever", *found], list(self.reach))

    def test_other_apis_deploy_themselves(self):
        for name in NAMES:
            for stage in deployed(name).get("AWS::ApiGatewayV2::Stage", {}).values():
                self.assertIs(stage["AutoDeploy"], True, name)


def function(name, resource):
    """The inline code of a function, as a module."""
    properties = template(name)["Resources"][resource]["Properties"]
    module = types.ModuleType(f"{name}.{resource}")
    exec(compile(properties["InlineCode"], module.__name__, "exec"), vars(module))
    return module


def who_is_told(answer):
    return json.loads(answer["body"])


class HttpApi(unittest.TestCase):
    def test_it_answers_whom_sever_found(self):
        handler = function("http-api", "Me").handler
        answer = handler({"requestContext": {"authorizer": {"lambda": WHO}}}, None)
        self.assertEqual((answer["statusCode"], who_is_told(answer)), (200, PRINCIPAL))

    def test_it_answers_whom_the_token_names(self):
        claims = {"sub": "ada", "tId": "acme", "sessionHandle": WHO["sessionHandle"], "exp": "1795225508"}
        handler = function("http-api", "Me").handler
        answer = handler({"requestContext": {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}}, None)
        expected = {name: value for name, value in PRINCIPAL.items() if name != "payload"}
        self.assertEqual(who_is_told(answer), expected)

    def test_without_an_authorizer_it_fails(self):
        with self.assertRaises(KeyError):
            function("http-api", "Me").handler({"requestContext": {}}, None)


@mock.patch.dict(os.environ, WEBSITE_DOMAIN="https://www.example.com")
class RestApi(unittest.TestCase):
    def test_it_answers_whom_sever_found_and_the_website_may_read_it(self):
        context = {name: str(value) for name, value in WHO.items()}
        answer = function("rest-api", "Me").handler({"requestContext": {"authorizer": context}}, None)
        self.assertEqual((answer["statusCode"], who_is_told(answer)), (200, PRINCIPAL))
        self.assertEqual(answer["headers"]["access-control-allow-origin"], "https://www.example.com")

    def test_without_an_authorizer_it_fails(self):
        with self.assertRaises(KeyError):
            function("rest-api", "Me").handler({"requestContext": {}}, None)


class Gone(Exception):
    """API Gateway's answer about a connection that has ended."""


class Gateway:
    """Remembers which connections were closed. Those that are just being opened are gone, too, until `opened`."""

    exceptions = types.SimpleNamespace(GoneException=Gone)

    def __init__(self, gone=()):
        self.closed, self.gone, self.tried = [], set(gone), []

    def delete_connection(self, ConnectionId):
        self.tried.append(ConnectionId)
        if ConnectionId in self.gone:
            raise Gone
        self.closed.append(ConnectionId)

    def opened(self, connection):
        self.gone.discard(connection)


class Authorizer:
    """The strict authorizer, invoked as API Gateway invokes it. It refuses a session that was revoked."""

    def __init__(self):
        self.asked, self.revoked, self.fails = [], set(), False

    def invoke(self, FunctionName, Payload):
        assert FunctionName == "arn:aws:lambda:eu-central-1:123456789012:function:sever-verify-session"
        event = json.loads(Payload)
        self.asked.append(event)
        handle = event["headers"]["Authorization"]
        if self.fails or handle in self.revoked:
            message = "the session table did not answer" if self.fails else "Unauthorized"
            return {"FunctionError": "Unhandled", "Payload": io.StringIO(json.dumps({"errorMessage": message}))}
        return {"Payload": io.StringIO(json.dumps({"context": {"sessionHandle": handle}}))}


class Table:
    """Keeps rows by owner and connection, and answers queries one row a page."""

    def __init__(self):
        self.rows = {}

    def batch_writer(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def put_item(self, Item):
        self.rows[Item["owner"], Item["connectionId"]] = Item

    def delete_item(self, Key):
        del self.rows[Key["owner"], Key["connectionId"]]

    def query(self, KeyConditionExpression, ConsistentRead, ExclusiveStartKey=0):
        key, owner = KeyConditionExpression.get_expression()["values"]
        assert key.name == "owner" and ConsistentRead
        found = [row for (of, _), row in sorted(self.rows.items()) if of == owner]
        page = {"Items": found[ExclusiveStartKey : ExclusiveStartKey + 1]}
        return {**page, "LastEvaluatedKey": ExclusiveStartKey + 1} if ExclusiveStartKey + 1 < len(found) else page


def digest(handle):
    """As Sever's events name a session."""
    return hashlib.sha256(f"sever-table:{handle}".encode()).hexdigest()


class WebSocketApi(unittest.TestCase):
    def setUp(self):
        self.table, self.gateway, self.sever = Table(), Gateway(), Authorizer()
        clients = {"lambda": lambda: self.sever, "apigatewaymanagementapi": lambda: self.gateway}
        aws = mock.patch.multiple(
            boto3,
            resource=lambda _: types.SimpleNamespace(Table=lambda name: self.table),
            client=lambda service, endpoint_url=None: clients[service](),
        )
        variables = {
            "TABLE_NAME": "connections",
            "ENDPOINT": "https://api/prod",
            "SEVER_TABLE_NAME": "sever-table",
            "STRICT_SESSION": "arn:aws:lambda:eu-central-1:123456789012:function:sever-verify-session",
        }
        environment = mock.patch.dict(os.environ, variables)
        for patch in (aws, environment):
            patch.start()
            self.addCleanup(patch.stop)
        self.socket = function("websocket-api", "Socket").handler
        self.closer = function("websocket-api", "Closer").handler

    def send(self, kind, connection="c1", headers=None, body=None, expires_in=60, **who):
        expires_at = int((time.time() + expires_in) * 1000)
        context = {name: str(value) for name, value in {**WHO, "expiresAt": expires_at, **who}.items()}
        about = {"eventType": kind, "connectionId": connection, "apiId": "a1b2c3", "stage": "prod", "connectedAt": 1}
        event = {"requestContext": {**about, "authorizer": context}}
        if kind != "MESSAGE":
            event["headers"] = {"Authorization": context["sessionHandle"], **(headers or {})}
        arn = "arn:aws:lambda:eu-central-1:210987654321:function:my-socket"
        return self.socket({**event, "body": body}, types.SimpleNamespace(invoked_function_arn=arn))

    def tell(self, scope, *handles):
        """What Sever's events have that the function reads."""
        sessions = [{"session": digest(handle), "state": "ended"} for handle in handles]
        self.closer({"source": "sever", "detail": {"appId": "public", "scope": scope, "sessions": sessions}}, None)

    def test_a_connection_is_remembered_until_it_ends(self):
        self.assertEqual(self.send("CONNECT"), {"statusCode": 200, "headers": {}})
        owners = {"session#" + digest(WHO["sessionHandle"]), "user#ada", "tenant#acme"}
        self.assertEqual(set(self.table.rows), {(owner, "c1") for owner in owners})
        self.send("DISCONNECT")
        self.assertEqual(self.table.rows, {})

    def test_the_session_is_checked_once_more_as_the_gateway_checked_it(self):
        self.send("CONNECT", headers={"Origin": "https://www.example.com"})
        [asked] = self.sever.asked
        self.assertEqual(asked["type"], "REQUEST")
        self.assertEqual(asked["methodArn"], "arn:aws:execute-api:eu-central-1:210987654321:a1b2c3/prod/$connect")
        self.assertEqual(asked["requestContext"], {"connectionId": "c1", "eventType": "CONNECT", "apiId": "a1b2c3"})
        self.assertEqual(asked["headers"]["Origin"], "https://www.example.com")
        # The rows are there before the check: whatever is revoked after it finds them.
        self.assertEqual(len(self.table.rows), 3)

    def test_a_session_that_was_revoked_while_it_connected_gets_no_connection(self):
        self.sever.revoked.add(WHO["sessionHandle"])
        self.assertEqual(self.send("CONNECT"), {"statusCode": 401})
        self.assertEqual(self.table.rows, {})

    def test_it_connects_nobody_when_sever_cannot_find_out(self):
        self.sever.fails = True
        with self.assertRaises(RuntimeError):
            self.send("CONNECT")

    def test_a_connection_that_is_just_being_opened_is_closed_as_soon_as_it_is_open(self):
        self.gateway = Gateway(gone=["c1"])
        self.send("CONNECT", "c1")
        with mock.patch.object(time, "sleep", side_effect=lambda _: self.gateway.opened("c1")):
            self.tell({"kind": "session", "userId": "ada", "tenantId": "acme"}, WHO["sessionHandle"])
        self.assertEqual((self.gateway.tried, self.gateway.closed), (["c1", "c1"], ["c1"]))

    def test_everybody_in_a_tenant_that_was_removed_loses_their_connections(self):
        self.send("CONNECT", "c1")
        self.send("CONNECT", "c2", sessionHandle="two", userId="bob")
        self.send("CONNECT", "c3", sessionHandle="three", tenantId="globex")
        self.tell({"kind": "tenant", "tenantId": "acme"})
        self.assertEqual(self.gateway.closed, ["c1", "c2"])

    def test_the_protocol_that_is_chosen_is_never_the_token(self):
        for offered in ("sever, access-token.a.b.c", "access-token.a.b.c,sever"):
            answer = self.send("CONNECT", headers={"Sec-WebSocket-Protocol": offered})
            self.assertEqual(answer["headers"], {"Sec-WebSocket-Protocol": "sever"})

    def test_a_message_is_answered_until_the_token_expires(self):
        self.assertEqual(who_is_told(self.send("MESSAGE", body="hi")), {"userId": "ada", "youSaid": "hi"})
        self.assertEqual(self.gateway.closed, [])
        self.assertEqual(self.send("MESSAGE", body="hi", expires_in=-1), {"statusCode": 401})
        self.assertEqual(self.gateway.closed, ["c1"])

    def test_a_revoked_session_loses_its_connections_and_no_other_does(self):
        for connection, handle in (("c1", "one"), ("c2", "one"), ("c3", "two")):
            self.send("CONNECT", connection, sessionHandle=handle)
        self.tell({"kind": "session", "userId": "ada", "tenantId": "acme"}, "one")
        self.assertEqual(self.gateway.closed, ["c1", "c2"])

    def test_sessions_that_were_revoked_together_all_lose_them(self):
        for connection, handle in (("c1", "one"), ("c2", "two"), ("c3", "three")):
            self.send("CONNECT", connection, sessionHandle=handle, userId=handle)
        self.tell({"kind": "sessions"}, "one", "three", "never-connected")
        self.assertEqual(self.gateway.closed, ["c1", "c3"])

    def test_a_revoked_user_loses_what_was_covered(self):
        for covered, scope in (
            (["c1", "c2", "c3"], {}),
            (["c1", "c2"], {"tenantId": "acme"}),
            (["c2", "c3"], {"exceptSession": digest("one")}),
            (["c2"], {"tenantId": "acme", "exceptSession": digest("one")}),
        ):
            with self.subTest(scope):
                self.gateway = Gateway()
                self.send("CONNECT", "c1", sessionHandle="one")
                self.send("CONNECT", "c2", sessionHandle="two")
                self.send("CONNECT", "c3", sessionHandle="three", tenantId="globex")
                self.send("CONNECT", "c4", sessionHandle="four", userId="bob")
                self.tell({"kind": "user", "userId": "ada", **scope})
                self.assertEqual(self.gateway.closed, covered)

    def test_a_connection_that_has_ended_does_not_save_the_next(self):
        self.gateway = Gateway(gone=["c1"])
        self.send("CONNECT", "c1")
        self.send("CONNECT", "c2")
        for row in self.table.rows.values():
            row["since"] -= 30
        self.tell({"kind": "session", "userId": "ada", "tenantId": "acme"}, WHO["sessionHandle"])
        self.assertEqual(self.gateway.closed, ["c2"])


class AppSync(unittest.TestCase):
    def resolve(self, resource, arguments):
        """What the resolver answers. Its data source hands the request's payload back."""
        code = template("appsync")["Resources"][resource]["Properties"]["Code"]
        ctx = {"identity": {"resolverContext": {**WHO, "expiresAt": str(WHO["expiresAt"])}}, "args": arguments}
        run = f"""
            const ctx = {json.dumps(ctx)};
            ctx.result = request(ctx).payload;
            console.log(JSON.stringify(response(ctx)));
        """
        node = ["node", "--input-type=module"]
        done = subprocess.run(node, input=code + run, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def test_the_query_answers_whom_sever_found(self):
        expected = {name: WHO[name] for name in ("userId", "tenantId", "sessionHandle")}
        self.assertEqual(self.resolve("QueryMe", {}), expected)

    def test_the_mutation_believes_sever_and_not_the_caller(self):
        answer = self.resolve("MutationWriteNote", {"text": "hi", "writtenBy": "bob"})
        self.assertEqual(answer, {"text": "hi", "writtenBy": "ada"})


if __name__ == "__main__":
    sys.exit(unittest.main())
