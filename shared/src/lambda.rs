//! The edge, and start-up: what every function's `main` calls, and what the local gateway calls in
//! its place.

mod caller;
mod entrance;
mod event;
mod event_loop;
mod lines;
pub mod metric;
mod principal;
mod runtime_api;
mod start;

pub use caller::{CallSource, Caller};
pub use entrance::DIRECT;
pub use lines::lines;
pub use principal::principal;
pub use start::serve;

use crate::app::App;
use crate::http::command::{Unknown, check_size, from_json, from_query, no_query};
use crate::http::error::{ApiError, Code};
use crate::http::{Reply, reply};
use entrance::Entrance;
use http::{Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Adapter, Request, RequestExt};
use lambda_runtime::tower::ServiceExt;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use tracing::Instrument as _;

/// A Lambda function, composed and ready: one JSON event in, one JSON answer or a [`Diagnostic`]
/// out.
///
/// The Lambda runtime and the local gateway both drive a function through [`Function::invoke`], so
/// that what is tested is what is deployed.
#[derive(Clone)]
pub struct Function(Arc<Handler>);

type Handler = dyn Fn(LambdaEvent<Box<RawValue>>) -> Invocation + Send + Sync;
type Invocation = Pin<Box<dyn Future<Output = Result<Box<RawValue>, Diagnostic>> + Send>>;

/// The method and the place of a command that comes over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandRoute {
    /// `POST` with a JSON body.
    Post,
    /// `GET` with a query, in which these parameters are numbers.
    Get(&'static [&'static str]),
}

impl Function {
    /// A function that answers an event by `handle`.
    pub fn from_fn<H, F>(handle: H) -> Self
    where
        H: Fn(LambdaEvent<Box<RawValue>>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Box<RawValue>, Diagnostic>> + Send + 'static,
    {
        Self(Arc::new(move |event| Box::pin(handle(event))))
    }

    /// A function for browsers: API Gateway events alone. Any other event is refused. `state` is what
    /// the handler works with.
    pub fn http<S, H, F>(state: Arc<S>, method: Method, handle: H) -> Self
    where
        S: AsRef<App> + Send + Sync + 'static,
        H: Fn(Arc<S>, Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply, ApiError>> + Send + 'static,
    {
        Self::routes(state, move |state, request| {
            let (allowed, answer) = (allow(&method, request.method()), handle.clone());
            async move {
                allowed?;
                answer(state, request).await
            }
        })
    }

    /// The same for several routes: the handler tells them apart, and asks [`allow`] itself.
    pub fn routes<S, H, F>(state: Arc<S>, handle: H) -> Self
    where
        S: AsRef<App> + Send + Sync + 'static,
        H: Fn(Arc<S>, Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply, ApiError>> + Send + 'static,
    {
        Self::from_fn(move |event| {
            let (state, handle) = (Arc::clone(&state), handle.clone());
            over_http(state, event, move |state, request: Request| {
                let checked = check_size(request.body());
                or_problem(checked, handle(state, request))
            })
        })
    }

    /// A function that answers API Gateway events as it sees fit: errors, and the length of a body,
    /// are its own concern.
    pub fn plain_http<S, H, F>(state: Arc<S>, handle: H) -> Self
    where
        S: AsRef<App> + Send + Sync + 'static,
        H: Fn(Arc<S>, Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::from_fn(move |event| over_http(Arc::clone(&state), event, handle.clone()))
    }

    /// A function for admin consoles and back ends: the same JSON by API Gateway and by its alias
    /// [`DIRECT`]. API Gateway is answered by HTTP, a direct invoker by plain JSON, or by an error
    /// whose type is the stable code. `unknown` says what becomes of members that `C` does not have.
    /// Each of the two ways takes its own kind of payload alone: see `lambda::entrance`.
    pub fn command<S, C, A, H, F>(
        state: Arc<S>,
        route: CommandRoute,
        unknown: Unknown,
        handle: H,
    ) -> Self
    where
        S: AsRef<App> + Send + Sync + 'static,
        C: DeserializeOwned + Send + 'static,
        A: Serialize + Send + 'static,
        H: Fn(Arc<S>, C, Caller) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<A, ApiError>> + Send + 'static,
    {
        Self::from_fn(move |event| {
            let (state, handle) = (Arc::clone(&state), handle.clone());
            async move {
                let from_gateway = event::is_http(event.payload.get());
                match (Entrance::of(&event.context), from_gateway) {
                    (Entrance::Gateway, true) => {
                        command_over_http(state, event, route, unknown, handle).await
                    }
                    (Entrance::Direct, false) => {
                        direct_command(state, event, unknown, handle).await
                    }
                    (entrance, _) => Err(misdirected(entrance)),
                }
            }
        })
    }

    /// Hands the function one event and awaits its answer.
    ///
    /// # Errors
    /// What Lambda reports as a function error: its type is a stable code, its message is fit for
    /// the invoker.
    pub async fn invoke(
        &self,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Result<Box<RawValue>, Diagnostic> {
        let function = event.context.env_config.function_name.as_str();
        let request_id = event.context.request_id.as_str();
        let trace_id = event.context.xray_trace_id.as_deref();
        let invocation = tracing::info_span!(
            "invocation",
            function,
            requestId = request_id,
            xrayTraceId = trace_id,
        );
        (self.0)(event).instrument(invocation).await
    }
}

/// Whether a route takes this method.
///
/// # Errors
/// It does not, and `Allow` says which one it takes.
pub fn allow(allowed: &Method, method: &Method) -> Result<(), ApiError> {
    if method == allowed {
        Ok(())
    } else if allowed == Method::GET {
        Err(ApiError::method_not_allowed("GET"))
    } else {
        Err(ApiError::method_not_allowed("POST"))
    }
}

async fn command_over_http<S, C, A, H, F>(
    state: Arc<S>,
    event: LambdaEvent<Box<RawValue>>,
    route: CommandRoute,
    unknown: Unknown,
    handle: H,
) -> Result<Box<RawValue>, Diagnostic>
where
    S: AsRef<App> + Send + Sync,
    C: DeserializeOwned,
    A: Serialize,
    H: Fn(Arc<S>, C, Caller) -> F + Send,
    F: Future<Output = Result<A, ApiError>> + Send,
{
    let answer = move |state: Arc<S>, request: Request| {
        let caller = Caller::of(&request, &S::as_ref(&state).clock);
        let checked = check_size(request.body());
        let answer =
            command_of(route, unknown, &request).map(|command| handle(state, command, caller));
        or_problem(checked, async move { Ok(reply::json(StatusCode::OK, &answer?.await?)) })
    };
    over_http(state, event, answer).await
}

async fn direct_command<S, C, A, H, F>(
    state: Arc<S>,
    event: LambdaEvent<Box<RawValue>>,
    unknown: Unknown,
    handle: H,
) -> Result<Box<RawValue>, Diagnostic>
where
    S: AsRef<App> + Send + Sync,
    C: DeserializeOwned,
    A: Serialize,
    H: Fn(Arc<S>, C, Caller) -> F + Send,
    F: Future<Output = Result<A, ApiError>> + Send,
{
    let caller = Caller::direct(&event.context, S::as_ref(&state).clock.now());
    let answer = match from_json(event.payload.get().as_bytes(), unknown) {
        Ok(command) => handle(state, command, caller).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => to_json(&answer),
        Err(error) => {
            error.log();
            Err(error.to_diagnostic())
        }
    }
}

/// What a payload that came by the wrong entrance is answered.
fn misdirected(entrance: Entrance) -> Diagnostic {
    let detail = match entrance {
        Entrance::Gateway => {
            "the function itself answers API Gateway alone; invoke its alias `direct` to send it a command"
        }
        Entrance::Direct => {
            "the alias `direct` takes a command, not an event of API Gateway; send the command's own JSON"
        }
        Entrance::Unknown => {
            "invoke the alias `direct` to send a command; API Gateway invokes the function itself"
        }
    };
    ApiError::new(Code::UnknownEvent, detail).to_diagnostic()
}

fn command_of<C: DeserializeOwned>(
    route: CommandRoute,
    unknown: Unknown,
    request: &Request,
) -> Result<C, ApiError> {
    match route {
        CommandRoute::Get(numbers) => {
            allow(&Method::GET, request.method())?;
            from_query(request.uri().query().unwrap_or_default(), numbers)
        }
        CommandRoute::Post => {
            allow(&Method::POST, request.method())?;
            if unknown == Unknown::Refused {
                no_query(request.uri().query())?;
            }
            from_json(request.body(), unknown)
        }
    }
}

/// An answer, or what the one table of errors makes of one.
async fn or_problem(
    checked: Result<(), ApiError>,
    answer: impl Future<Output = Result<Reply, ApiError>>,
) -> Reply {
    let answer = match checked {
        Ok(()) => answer.await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| {
        error.log();
        error.to_reply()
    })
}

async fn over_http<S, H, F>(
    state: Arc<S>,
    event: LambdaEvent<Box<RawValue>>,
    handle: H,
) -> Result<Box<RawValue>, Diagnostic>
where
    S: AsRef<App> + Send + Sync,
    H: Fn(Arc<S>, Request) -> F + Send,
    F: Future<Output = Reply> + Send,
{
    let request = event::read(event.payload.get()).ok_or_else(|| {
        tracing::error!("invoked with an event of which no request can be made");
        let detail = "this function answers API Gateway events";
        ApiError::new(Code::UnknownEvent, detail).to_diagnostic()
    })?;
    let request = LambdaEvent { payload: request, context: event.context };
    let service = service_fn(|request: Request| {
        let (state, answer) = (Arc::clone(&state), handle(Arc::clone(&state), request));
        async move {
            let mut reply = answer.await;
            let web = &S::as_ref(&state).web;
            reply::finish(&mut reply, &web.website_origin, web.api_is_https);
            Ok::<_, Infallible>(reply)
        }
    });
    match Adapter::from(service).oneshot(request).await {
        Ok(response) => to_json(&response),
        Err(never) => match never {},
    }
}

fn to_json(answer: &impl Serialize) -> Result<Box<RawValue>, Diagnostic> {
    to_raw_value(answer).map_err(|_| {
        ApiError::new(Code::InternalError, "the answer could not be written").to_diagnostic()
    })
}

/// The path of the route that API Gateway chose, as the API declares it. Functions tell their routes
/// apart by it alone: the path of the request may end in a slash, which REST APIs ignore when they
/// choose the route. Empty when the event names no route.
#[must_use]
pub fn route_of(request: &Request) -> &str {
    let route = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.resource_path.as_deref(),
        Some(RequestContext::ApiGatewayV2(context)) => {
            context.route_key.as_deref().and_then(|key| key.split_once(' ')).map(|(_, path)| path)
        }
        _ => None,
    };
    route.unwrap_or_default()
}
