//! An API Gateway REST API: finds the route, asks its guard, hands the function a payload 1.0 event
//! and maps its answer.
//!
//! One difference is deliberate. AWS answers 403 `Missing Authentication Token` to a path or method
//! it does not know; this gateway answers 404 and 405, which a person can act upon.

mod authorizer;
mod event;
mod integration;
mod limits;
mod policy;
mod refusal;
mod routes;

use crate::functions::Deployed;
use crate::signature;
use crate::template::{Api, TemplateError};
use bytes::Bytes;
use event::Caller;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use refusal::Refusal;
use routes::{Found, Gate, Matched, Routes};
use shared::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use limits::{MAX_BODY, MAX_PAYLOAD};

/// One request on its way through the gateway.
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    pub(crate) request: Request<Bytes>,
}

impl Call {
    /// Puts its name on its answer, where AWS has it.
    pub(crate) fn put_id(&self, response: &mut Response<Bytes>) {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
    }
}

/// Which function a request was for, as an extension of its response: the access log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct For(pub(crate) String);

/// The API, ready to answer.
pub(crate) struct Gateway {
    api: Api,
    routes: Routes,
}

impl Gateway {
    pub(crate) fn new(
        api: Api,
        functions: &BTreeMap<String, Arc<Deployed>>,
    ) -> Result<Self, TemplateError> {
        let routes = Routes::new(&api, functions)?;
        Ok(Self { api, routes })
    }

    /// Answers one request. Whatever goes wrong is an answer too.
    pub(crate) async fn handle(&self, call: &Call) -> Response<Bytes> {
        let found = self.routes.find(call.request.method(), call.request.uri().path());
        let answer = match &found {
            found if self.is_preflight(call, found) => Ok(self.preflight()),
            Found::Route(matched) => self.serve(call, matched).await,
            Found::OtherMethods(methods) => Err(Refusal::MethodNotAllowed(methods.clone())),
            Found::Nothing => Err(Refusal::NotFound),
        };
        let mut response = answer.unwrap_or_else(|refusal| self.refuse(&refusal));
        call.put_id(&mut response);
        if let Found::Route(matched) = found {
            let name = matched.target.function.resource.name.clone();
            response.extensions_mut().insert(For(name));
        }
        response
    }

    /// The answer to a request whose body could not be read, because it was too large or broke off.
    pub(crate) fn unread(&self, too_large: bool) -> Response<Bytes> {
        self.refuse(if too_large { &Refusal::TooLarge } else { &Refusal::BadRequest })
    }

    async fn serve(&self, call: &Call, matched: &Matched<'_>) -> Result<Response<Bytes>, Refusal> {
        limits::check(&call.request)?;
        let caller = self.admit(call, matched).await?;
        let event = event::proxy(call, matched, &self.api.stage, caller)?;
        let function = &matched.target.function;
        let answer = function.invoke(&call.id, call.now, event).await.map_err(|error| {
            let (function, kind) = (&function.resource.name, &error.error_type);
            tracing::warn!("{function} failed: {kind}: {}", error.error_message);
            Refusal::BadIntegration
        })?;
        integration::response(&answer).map_err(|fault| {
            tracing::warn!("{} answered what is no proxy answer: {fault}", function.resource.name);
            Refusal::BadIntegration
        })
    }

    async fn admit(&self, call: &Call, matched: &Matched<'_>) -> Result<Caller, Refusal> {
        match &matched.target.gate {
            Gate::Open => Ok(Caller::Anyone),
            Gate::Iam => {
                signature::verify(&call.request, "execute-api", call.now).await?;
                Ok(Caller::Iam)
            }
            Gate::Authorizer(function) => {
                let stage = &self.api.stage;
                authorizer::ask(function, call, matched, stage).await.map(Caller::Authorized)
            }
        }
    }

    /// With `Cors` set, SAM gives every path an `OPTIONS` of its own, also beside a route for any
    /// method.
    fn is_preflight(&self, call: &Call, found: &Found<'_>) -> bool {
        let of_the_path = match found {
            Found::Route(matched) => matched.target.route.method.is_none(),
            Found::OtherMethods(_) => true,
            Found::Nothing => false,
        };
        of_the_path && self.api.cors.is_some() && call.request.method() == Method::OPTIONS
    }

    /// What the mock integration answers that SAM adds to every path when `Cors` is set.
    fn preflight(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(b"{}\n"));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.api.cors.iter().flat_map(|cors| &cors.headers) {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Bytes> {
        refusal.response(&self.api.gateway_responses)
    }
}

#[cfg(test)]
mod tests;
