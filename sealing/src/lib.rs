//! Has KMS make and unwrap the data key under which private signing keys are sealed.
//!
//! A crate of its own, so that only the functions that sign, and `sever`, link the client of KMS. A
//! function asks KMS once in an execution environment's life; the authorizer never does.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use shared::app::App;
use shared::session::{KeyContext, KeyService, KeyServiceError};
use shared::table::{call_retries, call_timeouts};
use shared::token::sealing::Sealing;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Has the functions composed over `app` seal private keys by the KMS key that its configuration
/// names, if it names one. Nothing is sent, and no client made, before there is a key to open or to
/// write.
pub fn connect(app: &App) {
    if let Some(arn) = &app.signing_kms_key {
        app.key_service.connect(key_service(&app.aws, arn));
    }
}

/// The KMS key of this ARN.
#[must_use]
pub fn key_service(aws: &SdkConfig, arn: &str) -> KeyService {
    let kms = Arc::new(Kms { arn: arn.to_owned(), aws: aws.clone(), client: OnceLock::new() });
    KeyService::from_fn(move |context, wrapped| {
        let kms = Arc::clone(&kms);
        async move {
            let made = wrapped.is_none();
            let answer = match wrapped {
                None => kms.make(context).await,
                Some(wrapped) => kms.unwrap(context, wrapped).await,
            };
            answer.map_err(|failure| KeyServiceError {
                made,
                is_transient: matches!(failure, Failure::Unavailable(_)),
                source: failure.into(),
            })
        }
    })
}

struct Kms {
    arn: String,
    aws: SdkConfig,
    client: OnceLock<Client>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("KMS did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("KMS refused: {code}: {message}{}", advice(.code))]
    Refused { code: String, message: String },
    #[error("KMS answered no data key of 32 bytes")]
    NoDataKey,
}

impl Kms {
    async fn make(&self, context: KeyContext) -> Result<Sealing, Failure> {
        let made = self
            .client()
            .generate_data_key()
            .key_id(&self.arn)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(encryption_context(context)))
            .send()
            .await
            .map_err(failure)?;
        let wrapped = made.ciphertext_blob.ok_or(Failure::NoDataKey)?.into_inner();
        data_key(wrapped, made.plaintext)
    }

    async fn unwrap(&self, context: KeyContext, wrapped: Vec<u8>) -> Result<Sealing, Failure> {
        let unwrapped = self
            .client()
            .decrypt()
            // Another key that would open it is none of ours.
            .key_id(&self.arn)
            .ciphertext_blob(Blob::new(wrapped.clone()))
            .set_encryption_context(Some(encryption_context(context)))
            .send()
            .await
            .map_err(failure)?;
        data_key(wrapped, unwrapped.plaintext)
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::from_conf(bounded(Builder::from(&self.aws)).build()))
    }
}

/// What the template's policies and an operator's own name as `kms:EncryptionContext:table` and
/// `kms:EncryptionContext:app`.
fn encryption_context(context: KeyContext) -> HashMap<String, String> {
    let KeyContext { table, app } = context;
    HashMap::from([("table".to_owned(), table), ("app".to_owned(), app)])
}

fn data_key(wrapped: Vec<u8>, key: Option<Blob>) -> Result<Sealing, Failure> {
    let key = key.ok_or(Failure::NoDataKey)?;
    Sealing::new(wrapped, key.as_ref()).ok_or(Failure::NoDataKey)
}

fn bounded(builder: Builder) -> Builder {
    builder
        .behavior_version(BehaviorVersion::latest())
        .timeout_config(call_timeouts())
        .retry_config(call_retries())
}

/// The codes with which KMS says that it may do so a moment later.
const TRANSIENT: [&str; 4] = [
    "DependencyTimeoutException",
    "InternalFailure",
    "KMSInternalException",
    "ThrottlingException",
];

fn failure<E, R>(error: SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let said = error.as_service_error().map(|said| (said.code(), said.message()));
    match said {
        Some((Some(code), message)) if !TRANSIENT.contains(&code) => Failure::Refused {
            code: code.to_owned(),
            message: message.unwrap_or("no reason given").to_owned(),
        },
        _ => Failure::Unavailable(Box::new(error)),
    }
}

/// What an operator should look at.
fn advice(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" => {
            " (the caller's role and the key's policy must both allow it, for this encryption \
             context)"
        }
        "IncorrectKeyException" => {
            " (the signing keys were sealed by another KMS key than the one that is named)"
        }
        "InvalidCiphertextException" => {
            " (the signing keys were sealed for a table of another name, or the item was changed)"
        }
        "DisabledException" | "KMSInvalidStateException" | "NotFoundException" => {
            " (enable the key, or cancel its deletion)"
        }
        _ => "",
    }
}
