// SDKs that speak an older version of the core's interface, and the current one: their sessions and their tenants.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expressApp, lifecycle } from "./lifecycle.mjs";
import { createApp, errorOfType, serve, startSdk } from "./support.mjs";

const login = { emailPasswordEnabled: true, thirdPartyEnabled: false };
const versions = [
  { cdi: "3.0", sdk: "supertokens-node-3-0", config: login, signOutOfNone: 200 },
  { cdi: "4.0", sdk: "supertokens-node-4-0", config: login, signOutOfNone: 200 },
  { cdi: "5.0", sdk: "supertokens-node-5-0", config: { ...login, firstFactors: ["emailpassword"] } },
  { cdi: "5.4", sdk: "supertokens-node", config: { firstFactors: ["custom"] } },
];

for (const { cdi, sdk, config, signOutOfNone } of versions) {
  if (sdk !== "supertokens-node") {
    lifecycle(`CDI ${cdi}`, "express", async (sdk) => serve(expressApp(sdk)), { sdk, signOutOfNone });
  }

  describe(`tenants, CDI ${cdi}`, () => {
    let app, started, tenancy;
    before(async () => {
      app = await createApp(`cdi-${cdi.replace(".", "-")}`);
      started = startSdk(app, { sdk });
      tenancy = started.load("/recipe/multitenancy");
    });
    after(() => app?.remove());

    const names = async () => (await tenancy.listAllTenants()).tenants.map((tenant) => tenant.tenantId).sort();

    test("are made, read, listed and removed", async () => {
      assert.equal((await tenancy.createOrUpdateTenant("acme", config)).createdNew, true);
      assert.equal((await tenancy.createOrUpdateTenant("acme", config)).createdNew, false);
      const { status, thirdParty, coreConfig } = await tenancy.getTenant("acme");
      assert.deepEqual([status, thirdParty.providers, coreConfig], ["OK", [], {}]);
      assert.equal((await tenancy.getTenant("public")).status, "OK");
      assert.equal(await tenancy.getTenant("nowhere"), undefined);
      assert.deepEqual(await names(), ["acme", "public"]);

      const session = await started.create({ tenant: "acme" });
      assert.equal(session.getTenantId(), "acme");
      assert.equal((await tenancy.deleteTenant("acme")).didExist, true);
      assert.equal((await tenancy.deleteTenant("acme")).didExist, false);
      assert.deepEqual(await names(), ["public"]);
      await assert.rejects(started.verify(session, { checkDatabase: true }), errorOfType("UNAUTHORISED"));
    });

    test("a user who is taken out of one loses the sessions in it", async () => {
      await tenancy.createOrUpdateTenant("globex", config);
      const [there, here] = [await started.create({ tenant: "globex" }), await started.create()];
      const id = started.userId("ada");
      assert.equal((await tenancy.associateUserToTenant("globex", id)).status, "UNKNOWN_USER_ID_ERROR");
      const removed = await tenancy.disassociateUserFromTenant("globex", id);
      assert.deepEqual([removed.status, removed.wasAssociated], ["OK", true]);
      await assert.rejects(started.verify(there, { checkDatabase: true }), errorOfType("UNAUTHORISED"));
      await started.verify(here, { checkDatabase: true });
      await tenancy.deleteTenant("globex");
    });
  });
}
