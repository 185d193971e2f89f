// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static dev.wayside.connector.apiserver.TestingApi.JSON_PATCH;
import static dev.wayside.connector.apiserver.TestingApi.MERGE;
import static dev.wayside.connector.apiserver.TestingApi.entry;
import static dev.wayside.connector.apiserver.TestingApi.fields;
import static dev.wayside.connector.apiserver.TestingApi.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Server-side apply and managedFields, as the documentation of Kubernetes describes them. */
final class ServerSideApplyTest {
    private static final String MAP = "/api/v1/namespaces/default/configmaps/test-cm";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
    private static final String WEB = DEPLOYMENTS + "/web";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    @TempDir Path folder;
    private TestingApi api;
    private volatile boolean mayCreate = true;
    private Instant now = Instant.parse("2026-03-01T10:00:00Z");

    private final class Ticking extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @BeforeEach
    void start() throws IOException {
        api =
                new TestingApi(
                        folder,
                        new Ticking(),
                        (user, request) ->
                                mayCreate || !request.verb().equals("create")
                                        ? Authorizer.Decision.ALLOW
                                        : Authorizer.Decision.deny("may not create"));
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private static String map(String rest) {
        return "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'test-cm'"
                + ",'labels':{'test-label':'test'}}"
                + rest
                + "}";
    }

    private static String web(String spec) {
        return "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'},'spec':"
                + spec
                + "}";
    }

    private static String nginx(String replicas, String image) {
        return web(
                "{"
                        + (replicas.isEmpty() ? "" : "'replicas':" + replicas + ",")
                        + "'selector':{'matchLabels':{'app':'web'}},'template':{'metadata':{"
                        + "'labels':{'app':'web'}},'spec':{'containers':[{'name':'nginx','image':'"
                        + image
                        + "'}]}}}");
    }

    private static String by(String target, String manager) {
        return target + "?fieldManager=" + manager;
    }

    @Test
    void createsWhatIsNotThereAndNotesWhatWasNamed() {
        TestingExchange answer = api.apply(by(MAP, "kubectl"), map(",'data':{'key':'some value'}"));
        assertThat(answer.response().status()).isEqualTo(201);
        JsonObject entry = entry(answer.json(), "kubectl");
        assertThat(entry)
                .isEqualTo(
                        json(
                                "{'manager':'kubectl','operation':'Apply','apiVersion':'v1',"
                                    + "'time':'2026-03-01T10:00:00Z','fieldsType':'FieldsV1',"
                                    + "'fieldsV1':{'f:metadata':{'f:labels':{'f:test-label':{}}},"
                                    + "'f:data':{'f:key':{}}}}"));
    }

    @Test
    void anUpdateTakesWhatItChangesAndItsOwnerThenConflicts() {
        api.apply(by(MAP, "kubectl"), map(",'data':{'key':'some value'}"));
        JsonObject changed =
                api.send(
                                "PATCH",
                                by(MAP, "kube-controller-manager"),
                                MERGE,
                                "{'data':{'key':'new value'}}")
                        .json();
        assertThat(fields(changed, "kubectl"))
                .isEqualTo(json("{'f:metadata':{'f:labels':{'f:test-label':{}}}}"));
        assertThat(fields(changed, "kube-controller-manager"))
                .isEqualTo(json("{'f:data':{'f:key':{}}}"));
        assertThat(entry(changed, "kube-controller-manager").text("operation")).isEqualTo("Update");

        TestingExchange refused =
                api.apply(by(MAP, "kubectl"), map(",'data':{'key':'some value'}"));
        assertThat(refused.response().status()).isEqualTo(409);
        assertThat(refused.json())
                .isEqualTo(
                        json(
                                "{'kind':'Status','apiVersion':'v1','metadata':{},"
                                        + "'status':'Failure','message':'Apply failed with 1"
                                        + " conflict: conflict with"
                                        + " \\'kube-controller-manager\\' using v1: .data.key',"
                                        + "'reason':'Conflict','details':{'causes':[{"
                                        + "'reason':'FieldManagerConflict','message':'conflict"
                                        + " with \\'kube-controller-manager\\' using v1',"
                                        + "'field':'.data.key'}]},'code':409}"));

        TestingExchange forced =
                api.apply(by(MAP, "kubectl") + "&force=true", map(",'data':{'key':'some value'}"));
        assertThat(forced.response().status()).isEqualTo(200);
        assertThat(forced.json().text("data", "key")).isEqualTo("some value");
        assertThat(entry(forced.json(), "kube-controller-manager").isEmpty()).isTrue();
        assertThat(fields(forced.json(), "kubectl").object("f:data").has("f:key")).isTrue();
    }

    @Test
    void severalConflictsAreListedByTheirOwners() {
        api.apply(by(WEB, "one"), nginx("3", "nginx:1"));
        api.send("PATCH", by(WEB, "hpa"), MERGE, "{'spec':{'replicas':5}}");
        assertThat(api.apply(by(WEB, "two"), nginx("7", "nginx:2")).json().text("message"))
                .isEqualTo(
                        """
                        Apply failed with 2 conflicts: conflicts with "hpa" using apps/v1:
                        - .spec.replicas
                        conflicts with "one":
                        - .spec.template.spec.containers[name="nginx"].image\
                        """);
    }

    @Test
    void whatIsTheSameIsSharedAndLivesUntilTheLastOwnerDropsIt() {
        api.apply(by(MAP, "one"), map(",'data':{'a':'1','b':'1'}"));
        TestingExchange shared = api.apply(by(MAP, "two"), map(",'data':{'a':'1'}"));
        assertThat(shared.response().status()).isEqualTo(200);
        JsonObject dropped = api.apply(by(MAP, "one"), map("")).json();
        assertThat(dropped.object("data")).isEqualTo(json("{'a':'1'}"));
        JsonObject gone = api.apply(by(MAP, "two"), map("")).json();
        assertThat(gone.has("data")).isFalse();
    }

    @Test
    void replicasAreHandedOverToAnAutoscaler() {
        api.apply(by(WEB, "kubectl"), nginx("3", "nginx:1"));
        // The autoscaler scales, then the user no longer names the replicas: they stay.
        api.send("PATCH", by(WEB + "/scale", "hpa"), MERGE, "{'spec':{'replicas':5}}");
        JsonObject left = api.apply(by(WEB, "kubectl"), nginx("", "nginx:1")).json();
        assertThat(left.number("spec", "replicas")).hasValue(5);
        assertThat(entry(left, "hpa").text("subresource")).isEqualTo("scale");
        assertThat(fields(left, "hpa")).isEqualTo(json("{'f:spec':{'f:replicas':{}}}"));
        // And where nobody scaled, they fall back to the default.
        api.apply(by(DEPLOYMENTS + "/other", "kubectl"), other("'replicas':3,"));
        assertThat(
                        api.apply(by(DEPLOYMENTS + "/other", "kubectl"), other(""))
                                .json()
                                .number("spec", "replicas"))
                .hasValue(1);
    }

    private static String other(String replicas) {
        return nginx("", "nginx:1")
                .replace("'spec':{'selector'", "'spec':{" + replicas + "'selector'")
                .replace("'name':'web'", "'name':'other'");
    }

    @Test
    void listsAreSharedByKeysSetsByItemAndAtomicOnesNotAtAll() {
        api.apply(by(WEB, "one"), nginx("1", "nginx:1"));
        String sidecar =
                web(
                        "{'template':{'spec':{'containers':[{'name':'side','image':'side:1',"
                                + "'args':['x'],'ports':[{'containerPort':80}]}],"
                                + "'tolerations':[{'key':'a'}]}}}");
        JsonObject both = api.apply(by(WEB, "two"), sidecar).json();
        assertThat(both.object("spec", "template", "spec").array("containers").objects())
                .extracting(container -> container.text("name"))
                .containsExactly("nginx", "side");
        assertThat(fields(both, "two").object("f:spec", "f:template", "f:spec"))
                .isEqualTo(
                        json(
                                "{'f:containers':{'k:{\\'name\\':\\'side\\'}':{'.':{},'f:args':{},"
                                        + "'f:image':{},'f:name':{},'f:ports':{"
                                        + "'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{"
                                        + "'.':{},'f:containerPort':{}}}}},'f:tolerations':{}}"));
        // An item that its owner no longer names goes with all its defaults.
        JsonObject without = api.apply(by(WEB, "two"), web("{}")).json();
        assertThat(without.object("spec", "template", "spec").array("containers").objects())
                .extracting(container -> container.text("name"))
                .containsExactly("nginx");
        assertThat(without.object("spec", "template", "spec").has("tolerations")).isFalse();

        api.apply(by(MAP, "one"), map("").replace("'labels'", "'finalizers':['a/x'],'labels'"));
        JsonObject sets =
                api.apply(
                                by(MAP, "two"),
                                map("").replace("'labels'", "'finalizers':['b/y'],'labels'"))
                        .json();
        assertThat(sets.array("metadata", "finalizers").strings())
                .containsExactlyInAnyOrder("a/x", "b/y");
        assertThat(fields(sets, "two").object("f:metadata", "f:finalizers"))
                .isEqualTo(json("{'v:\\'b/y\\'':{}}"));
    }

    @Test
    void aDryRunAndAnApplyThatChangesNothingMakeNoRevision() {
        JsonObject first = api.apply(by(MAP, "one"), map(",'data':{'a':'1'}")).json();
        now = now.plus(Duration.ofHours(1));
        JsonObject again = api.apply(by(MAP, "one"), map(",'data':{'a':'1'}")).json();
        assertThat(again).isEqualTo(first);
        JsonObject dry = api.apply(by(MAP, "one") + "&dryRun=All", map(",'data':{'a':'2'}")).json();
        assertThat(dry.text("data", "a")).isEqualTo("2");
        assertThat(api.get(MAP)).isEqualTo(first);
        assertThat(
                        api.apply(
                                        by(MAPS + "/dry", "one") + "&dryRun=All",
                                        map("").replace("test-cm", "dry"))
                                .response()
                                .status())
                .isEqualTo(201);
        assertThat(api.send("GET", MAPS + "/dry", MERGE, "").response().status()).isEqualTo(404);
        JsonObject patched = api.send("PATCH", by(MAP, "x"), MERGE, "{'data':{'a':'1'}}").json();
        assertThat(patched).isEqualTo(first);
    }

    @Test
    void preconditionsInTheConfigurationHold() {
        JsonObject first = api.apply(by(MAP, "one"), map("")).json();
        String uid = first.text("metadata", "uid");
        assertThat(applied(map("").replace("'labels'", "'uid':'other','labels'"))).isEqualTo(409);
        assertThat(applied(map("").replace("'labels'", "'uid':'" + uid + "','labels'")))
                .isEqualTo(200);
        assertThat(applied(map("").replace("'labels'", "'resourceVersion':'1','labels'")))
                .isEqualTo(409);
        TestingExchange absent =
                api.apply(
                        by(MAPS + "/absent", "one"),
                        map("").replace("test-cm", "absent")
                                .replace("'labels'", "'uid':'u','labels'"));
        assertThat(absent.response().status()).isEqualTo(409);
        assertThat(absent.json().text("message")).contains("no existing object was found");
    }

    private int applied(String config) {
        return api.apply(by(MAP, "one"), config).response().status();
    }

    @Test
    void refusesWhatIsNoApply() {
        TestingExchange nameless = api.apply(MAP, map(""));
        assertThat(nameless.response().status()).isEqualTo(422);
        assertThat(nameless.json().text("message"))
                .isEqualTo(
                        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value:"
                                + " is required for apply patch");
        TestingExchange managed =
                api.apply(
                        by(MAP, "one"), map("").replace("'labels'", "'managedFields':[],'labels'"));
        assertThat(managed.response().status()).isEqualTo(400);
        assertThat(managed.json().text("message")).isEqualTo("metadata.managedFields must be nil");
        assertThat(
                        api.send("PATCH", by(MAP, "x") + "&force=true", MERGE, "{}")
                                .json()
                                .text("message"))
                .contains("force: Forbidden: may not be specified for non-apply patch");
        TestingExchange twice =
                api.apply(
                        by(WEB, "one"),
                        web("{'template':{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}}"));
        assertThat(twice.response().status()).isIn(400, 422);
        api.apply(by(WEB, "one"), nginx("1", "x"));
        twice =
                api.apply(
                        by(WEB, "one"),
                        web("{'template':{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}}"));
        assertThat(twice.response().status()).isEqualTo(400);
        assertThat(twice.json().text("message"))
                .contains(
                        ".spec.template.spec.containers: duplicate entries for key"
                                + " [name=\"a\"]");
    }

    @Test
    void fieldValidationHoldsForConfigurationsToo() {
        String wrong = map(",'datta':{'a':'1'}");
        TestingExchange strict = api.apply(by(MAP, "one") + "&fieldValidation=Strict", wrong);
        assertThat(strict.response().status()).isEqualTo(400);
        assertThat(strict.json().text("message"))
                .contains("strict decoding error: unknown field \"datta\"");
        TestingExchange warned = api.apply(by(MAP, "one") + "&fieldValidation=Warn", wrong);
        assertThat(warned.response().status()).isEqualTo(201);
        assertThat(warned.response().headers().get("warning")).contains("unknown field");
        assertThat(fields(warned.json(), "one").has("f:datta")).isFalse();
        TestingExchange ignored = api.apply(by(MAP, "one") + "&fieldValidation=Ignore", wrong);
        assertThat(ignored.response().status()).isEqualTo(200);
        assertThat(ignored.response().headers()).doesNotContainKey("warning");
        assertThat(ignored.json().has("datta")).isFalse();
    }

    @Test
    void toCreateByApplyOneMustBeAllowedToCreate() {
        mayCreate = false;
        TestingExchange refused = api.apply(by(MAP, "one"), map(""));
        assertThat(refused.response().status()).isEqualTo(403);
        mayCreate = true;
        api.apply(by(MAP, "one"), map(""));
        mayCreate = false;
        assertThat(api.apply(by(MAP, "one"), map(",'data':{'a':'1'}")).response().status())
                .isEqualTo(200);
    }

    @Test
    void aCreatorOwnsDefaultsTooAndIsNamedByItsUserAgent() {
        JsonObject created =
                api.send(
                                "POST",
                                DEPLOYMENTS,
                                Map.of("user-agent", "curl/8.0 (x86)"),
                                nginx("2", "nginx:1"))
                        .json();
        JsonObject fields = fields(created, "curl");
        assertThat(fields.object("f:spec").has("f:progressDeadlineSeconds")).isTrue();
        assertThat(fields.object("f:spec").has(".")).isFalse();
        assertThat(fields.object("f:spec", "f:selector")).isEqualTo(JsonObject.EMPTY);
        assertThat(fields.object("f:spec", "f:strategy"))
                .isEqualTo(
                        json(
                                "{'f:rollingUpdate':{'.':{},'f:maxSurge':{},'f:maxUnavailable':{}},"
                                        + "'f:type':{}}"));
        assertThat(fields.object("f:spec", "f:template", "f:metadata"))
                .isEqualTo(json("{'f:labels':{'.':{},'f:app':{}}}"));
        assertThat(fields.has("f:status")).isFalse();
        assertThat(fields.object("f:metadata").has("f:name")).isFalse();
    }

    @Test
    void theStatusHasOwnersOfItsOwn() {
        api.apply(by(WEB, "kubectl"), nginx("2", "nginx:1"));
        JsonObject status =
                api.apply(
                                by(WEB + "/status", "kubectl"),
                                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{"
                                    + "'name':'web','labels':{'no':'no'}},'spec':{'replicas':9},"
                                    + "'status':{'replicas':2,'conditions':[{'type':'Progressing',"
                                    + "'status':'True'}]}}")
                        .json();
        assertThat(status.number("spec", "replicas")).hasValue(2);
        assertThat(status.object("metadata").has("labels")).isFalse();
        List<JsonObject> entries = status.array("metadata", "managedFields").objects();
        assertThat(entries).hasSize(2);
        JsonObject own =
                entries.stream()
                        .filter(entry -> entry.text("subresource").equals("status"))
                        .findFirst()
                        .orElseThrow();
        assertThat(own.object("fieldsV1"))
                .isEqualTo(
                        json(
                                "{'f:status':{'f:conditions':{'k:{\\'type\\':\\'Progressing\\'}':{"
                                        + "'.':{},'f:status':{},'f:type':{}}},'f:replicas':{}}}"));
        // The connector's own writers own nothing, and take what they change.
        KubeObject web = new KubeObject(api.get(WEB));
        api.store()
                .update(
                        ResourceType.DEPLOYMENTS,
                        web.withStatus(web.status().with("replicas", 1)),
                        "status",
                        WriteOptions.by("deployment-controller"));
        JsonObject after = api.get(WEB);
        assertThat(after.array("metadata", "managedFields").objects())
                .anySatisfy(
                        entry ->
                                assertThat(entry.object("fieldsV1", "f:status").members())
                                        .containsOnlyKeys("f:conditions"));
        assertThat(entry(after, "deployment-controller").isEmpty()).isTrue();
    }

    @Test
    void whatNobodyTrackedBelongsToTheTimeBefore() {
        api.store()
                .create(
                        ResourceType.CONFIG_MAPS,
                        KubeObject.of(ResourceType.CONFIG_MAPS, "default", "test-cm")
                                .with("data", JsonObject.of("a", "1")),
                        WriteOptions.by("controller"));
        assertThat(api.get(MAP).object("metadata").has("managedFields")).isFalse();
        assertThat(api.apply(by(MAP, "one"), map(",'data':{'a':'2'}")).json().text("message"))
                .contains("conflict with \"before-first-apply\" using v1: .data.a");
        JsonObject shared = api.apply(by(MAP, "one"), map(",'data':{'a':'1'}")).json();
        assertThat(shared.array("metadata", "managedFields").size()).isEqualTo(2);
    }

    @Test
    void aClientMayClearOrRewriteTheEntries() {
        api.apply(by(MAP, "one"), map(",'data':{'a':'1'}"));
        JsonObject kept = api.send("PATCH", MAP, MERGE, "{'metadata':{'managedFields':[]}}").json();
        assertThat(fields(kept, "one").isEmpty()).isFalse();
        JsonObject reset =
                api.send("PATCH", MAP, MERGE, "{'metadata':{'managedFields':[{}]}}").json();
        assertThat(reset.object("metadata").has("managedFields")).isFalse();

        api.apply(by(MAP, "one") + "&force=true", map(",'data':{'a':'2'}"));
        JsonObject again =
                api.send(
                                "PATCH",
                                by(MAP, "x"),
                                JSON_PATCH,
                                "[{'op':'replace','path':'/metadata/managedFields','value':[{}]},"
                                        + "{'op':'add','path':'/data/b','value':'1'}]")
                        .json();
        assertThat(again.array("metadata", "managedFields").size()).isEqualTo(1);
        assertThat(fields(again, "x")).isEqualTo(json("{'f:data':{'f:b':{}}}"));

        JsonObject rewritten =
                api.send(
                                "PATCH",
                                by(MAP, "helm"),
                                JSON_PATCH,
                                "[{'op':'replace','path':'/metadata/managedFields','value':[{"
                                        + "'manager':'helm','operation':'Apply','apiVersion':'v1',"
                                        + "'time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1',"
                                        + "'fieldsV1':{'f:data':{'f:a':{}}}}]},{'op':'replace',"
                                        + "'path':'/metadata/resourceVersion','value':'"
                                        + again.text("metadata", "resourceVersion")
                                        + "'}]")
                        .json();
        assertThat(rewritten.array("metadata", "managedFields").size()).isEqualTo(1);
        assertThat(fields(rewritten, "helm")).isEqualTo(json("{'f:data':{'f:a':{}}}"));

        String bad = "{'metadata':{'managedFields':[{'manager':'x','operation':'Nothing'}]}}";
        assertThat(fields(api.send("PATCH", MAP, MERGE, bad).json(), "helm").isEmpty()).isFalse();
    }

    @Test
    void kubectlGoesOverFromClientSideApplyWithoutAConflict() {
        String config = nginx("2", "nginx:1");
        String annotated =
                config.replace(
                        "'name':'web'}",
                        "'name':'web','annotations':{'"
                                + LAST_APPLIED
                                + "':'"
                                + config.replace("'", "\\'")
                                + "'}}");
        assertThat(
                        api.post(by(DEPLOYMENTS, "kubectl-client-side-apply"), annotated)
                                .response()
                                .status())
                .isEqualTo(201);
        TestingExchange another = api.apply(by(WEB, "other"), nginx("3", "nginx:2"));
        assertThat(another.response().status()).isEqualTo(409);
        TestingExchange migrated = api.apply(by(WEB, "kubectl"), nginx("3", "nginx:2"));
        assertThat(migrated.response().status()).isEqualTo(200);
        assertThat(migrated.json().number("spec", "replicas")).hasValue(3);
        assertThat(migrated.json().text("metadata", "annotations", LAST_APPLIED))
                .contains("nginx:2");
        // What somebody else changed meanwhile is a conflict all the same.
        api.send("PATCH", by(WEB, "hpa"), MERGE, "{'spec':{'replicas':9}}");
        assertThat(api.apply(by(WEB, "kubectl"), nginx("3", "nginx:2")).json().text("message"))
                .isEqualTo(
                        "Apply failed with 1 conflict: conflict with \"hpa\" using apps/v1:"
                                + " .spec.replicas");
    }

    @Test
    void ofManyUpdatersTheOldestBecomeOne() {
        api.post(by(MAPS, "first"), map(",'data':{'k':'v'}"));
        for (int i = 0; i < 14; i++) {
            now = now.plusSeconds(1);
            api.send("PATCH", by(MAP, "m" + i), MERGE, "{'data':{'k" + i + "':'v'}}");
        }
        JsonObject object = api.get(MAP);
        List<JsonObject> entries = object.array("metadata", "managedFields").objects();
        assertThat(entries).hasSize(10);
        assertThat(fields(object, "ancient-changes").object("f:data").members())
                .containsKeys("f:k", "f:k0");
        assertThat(entries).extracting(entry -> entry.text("manager")).contains("m13", "m5");
    }

    @Test
    void gatewaysAndLeasesLeaveNoEntries() {
        api.apply(by(WEB, "one"), nginx("1", "x"));
        api.send(
                "PATCH",
                WEB + "/status",
                Map.of("content-type", MERGE, "x-node", "gw-1", "user-agent", "gateway/1"),
                "{'status':{'replicas':1}}");
        assertThat(api.get(WEB).array("metadata", "managedFields").size()).isEqualTo(1);
        String leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        JsonObject lease =
                api.post(
                                by(leases, "x"),
                                "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{"
                                        + "'name':'l'},'spec':{'holderIdentity':'a'}}")
                        .json();
        assertThat(lease.object("metadata").has("managedFields")).isFalse();
    }
}
