//! Finds the route of a request.

use crate::functions::Deployed;
use crate::template::{Api, Guard, Route, TemplateError};
use http::Method;
use matchit::{InsertError, Router};
use percent_encoding::percent_decode_str;
use shared::config::check_database::METHODS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A route, the function it leads to and what stands before it.
pub(super) struct Target {
    pub(super) route: Route,
    pub(super) function: Arc<Deployed>,
    pub(super) gate: Gate,
}

/// A [`Guard`], ready to be asked.
pub(super) enum Gate {
    Open,
    Iam,
    Authorizer(Arc<Deployed>),
}

/// A route and what its path's parameters are in one request.
pub(super) struct Matched<'r> {
    pub(super) target: &'r Target,
    pub(super) parameters: BTreeMap<String, String>,
}

pub(super) enum Found<'r> {
    Route(Matched<'r>),
    OtherMethods(Vec<Method>),
    Nothing,
}

/// One router for each method: where a verb does not match, a greedy path behind it may, as on AWS.
pub(super) struct Routes(Vec<(Method, Router<Arc<Target>>)>);

impl Routes {
    pub(super) fn new(
        api: &Api,
        functions: &BTreeMap<String, Arc<Deployed>>,
    ) -> Result<Self, TemplateError> {
        let targets = api.routes.iter().map(|route| target(route, api, functions).map(Arc::new));
        let targets: Vec<_> = targets.collect::<Result<_, _>>()?;
        let mut routers = Vec::new();
        for method in METHODS {
            let mut router = Router::new();
            // A route for the very method comes before one for any method, which then finds its
            // place taken.
            let own = targets.iter().filter(|target| target.route.method.as_ref() == Some(&method));
            let any = targets.iter().filter(|target| target.route.method.is_none());
            for target in own.chain(any) {
                insert(&mut router, target)?;
            }
            routers.push((method, router));
        }
        Ok(Self(routers))
    }

    /// As a REST API does, it ignores one slash at the end of the path.
    pub(super) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        let own = self.0.iter().find(|(of, _)| of == method);
        if let Some(Ok(found)) = own.map(|(_, router)| router.at(path)) {
            let parameters = found.params.iter().map(|(name, value)| {
                (name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned())
            });
            return Found::Route(Matched { target: found.value, parameters: parameters.collect() });
        }
        let others = self.0.iter().filter(|(_, router)| router.at(path).is_ok());
        match others.map(|(method, _)| method.clone()).collect::<Vec<_>>() {
            none if none.is_empty() => Found::Nothing,
            methods => Found::OtherMethods(methods),
        }
    }
}

fn target(
    route: &Route,
    api: &Api,
    functions: &BTreeMap<String, Arc<Deployed>>,
) -> Result<Target, TemplateError> {
    let fault = |fault: &str| TemplateError::at(&route.path, fault);
    let deployed =
        |id: &str| functions.get(id).cloned().ok_or_else(|| fault("leads to no function"));
    let gate = match &route.guard {
        Guard::None => Gate::Open,
        Guard::Iam => Gate::Iam,
        Guard::Authorizer(name) => {
            let authorizer =
                api.authorizers.get(name).ok_or_else(|| fault("names no authorizer"))?;
            if authorizer.result_ttl != 0 {
                return Err(fault("its authorizer's result is cached, which is not done here"));
            }
            Gate::Authorizer(deployed(&authorizer.function)?)
        }
    };
    Ok(Target { route: route.clone(), function: deployed(&route.function)?, gate })
}

fn insert(router: &mut Router<Arc<Target>>, target: &Arc<Target>) -> Result<(), TemplateError> {
    let path = &target.route.path;
    let pattern = match path.strip_suffix("+}").and_then(|path| path.rsplit_once('{')) {
        Some((before, name)) => format!("{before}{{*{name}}}"),
        None => path.clone(),
    };
    match router.insert(&pattern, Arc::clone(target)) {
        Ok(()) => Ok(()),
        Err(InsertError::Conflict { with }) if with == pattern && target.route.method.is_none() => {
            Ok(())
        }
        Err(error) => Err(TemplateError::at(path, error.to_string())),
    }
}
