//! Everybody's sessions in a tenant are ended by raising the tenant's generation.

use super::SessionStore;
use crate::ids::TenantId;
use crate::session::SessionError;

impl SessionStore {
    /// Ends everybody's sessions in `tenant`, which is not `public`. When it answers, all of them are
    /// refused.
    ///
    /// # Errors
    /// The effect is unknown; asking again is harmless.
    pub(in crate::session) async fn revoke_tenant(
        &self,
        tenant: &TenantId,
    ) -> Result<(), SessionError> {
        Ok(self.table.patient().raise_tenant(tenant, self.new_generation()?).await?)
    }
}
