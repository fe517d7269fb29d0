//! How a function was invoked: as Lambda says, and no caller can write.
//!
//! A payload proves nothing about its sender. Anyone who may invoke a function can send an event that
//! looks like API Gateway's, with any IAM principal or authorizer's answer in it. The ARN that was invoked
//! is different: IAM allows or refuses exactly that ARN, and Lambda hands it to the function.

use lambda_runtime::Context;

/// The alias by which consoles and back ends invoke an admin function.
pub const DIRECT: &str = "direct";

/// Which ARN of a function was invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// The function itself, without a qualifier: only API Gateway may invoke it.
    Gateway,
    /// The alias [`DIRECT`].
    Direct,
    /// A version or another alias, or an ARN that cannot be read.
    Unknown,
}

impl Entrance {
    pub(super) fn of(context: &Context) -> Self {
        // arn:<partition>:lambda:<region>:<account>:function:<name>[:<qualifier>]
        let parts: Vec<_> = context.invoked_function_arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", _, _, "function", _] => Self::Gateway,
            ["arn", _, "lambda", _, _, "function", _, DIRECT] => Self::Direct,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_alias_direct_is_direct_and_only_the_bare_function_is_the_gateways() {
        for (arn, expected) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user", Entrance::Gateway),
            ("arn:aws-cn:lambda:cn-north-1:123456789012:function:direct", Entrance::Gateway),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user:direct",
                Entrance::Direct,
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user:$LATEST",
                Entrance::Unknown,
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user:7",
                Entrance::Unknown,
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user:Direct",
                Entrance::Unknown,
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:sever-revoke-user:direct:",
                Entrance::Unknown,
            ),
            ("sever-revoke-user:direct", Entrance::Unknown),
            ("", Entrance::Unknown),
        ] {
            let mut context = Context::default();
            arn.clone_into(&mut context.invoked_function_arn);
            assert_eq!(Entrance::of(&context), expected, "{arn}");
        }
    }
}
