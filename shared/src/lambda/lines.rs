//! What a function writes on Lambda: one JSON object on each line. Each has the function's name and
//! the request's id; a metric is in CloudWatch's embedded metric format, and an audit record is the
//! member `audit`.

use super::metric;
use crate::AUDIT_TARGET;
use crate::time::Clock;
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::Write;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

/// The namespace of every metric.
const NAMESPACE: &str = "Sever";
/// What is taken from spans: [`super::Function::invoke`] says it there.
const OF_SPANS: [&str; 3] = ["function", "requestId", "xrayTraceId"];

/// Writes lines to `writer`. `function` is the name of a line outside of any request; metrics are
/// added up for each function, and for all functions of the deployment, which its `table` names.
/// Lambda stamps each line itself; `clock` stamps metrics.
pub fn lines<S, W>(function: &'static str, table: &str, clock: Clock, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    Lines { function, table: table.to_owned(), clock, writer }.with_filter(filter_fn(is_logged))
}

struct Lines<W> {
    function: &'static str,
    table: String,
    clock: Clock,
    writer: W,
}

/// Information and worse.
fn is_logged(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO
}

/// The fields of a span or an event.
#[derive(Default)]
struct Members(Map<String, Value>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut members = Members::default();
        attributes.record(&mut members);
        members.0.retain(|name, _| OF_SPANS.contains(&name.as_str()));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(members);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::from_iter([("function".to_owned(), self.function.into())]);
        let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
        for span in spans {
            if let Some(members) = span.extensions().get::<Members>() {
                line.extend(members.0.clone());
            }
        }
        let mut members = Members::default();
        event.record(&mut members);
        let line = match event.metadata().target() {
            metric::TARGET => self.embedded(line, members.0),
            target => {
                line.insert("level".to_owned(), event.metadata().level().as_str().into());
                if target == AUDIT_TARGET {
                    unfold_record(&mut members.0);
                }
                line.extend(members.0);
                line
            }
        };
        let line = format!("{}\n", Value::Object(line));
        // Where it cannot be written, that cannot be written either.
        drop(self.writer.make_writer_for(event.metadata()).write_all(line.as_bytes()));
    }
}

/// The record comes as text, because an event's fields know no lists.
fn unfold_record(members: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = members.get("audit")
        && let Ok(record) = serde_json::from_str(text)
    {
        members.insert("audit".to_owned(), record);
    }
}

impl<W> Lines<W> {
    /// The line of a metric in the embedded metric format. `Function` and `Table` are dimensions,
    /// anything else a property: a dimension of many values would be many metrics.
    fn embedded(
        &self,
        of_spans: Map<String, Value>,
        mut event: Map<String, Value>,
    ) -> Map<String, Value> {
        let mut take = |name| event.remove(name).unwrap_or_default();
        let (name, unit, value) = (take("metric"), take("unit"), take("value"));
        let mut line = of_spans;
        let function = line.remove("function").unwrap_or_default();
        line.extend(event);
        line.insert("Function".to_owned(), function);
        line.insert("Table".to_owned(), self.table.as_str().into());
        line.insert(name.as_str().unwrap_or_default().to_owned(), value);
        let directive = json!({
            "Timestamp": self.clock.now().millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Function"], ["Table"]],
                "Metrics": [{"Name": name, "Unit": unit}],
            }],
        });
        line.insert("_aws".to_owned(), directive);
        line
    }
}

impl Members {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}
