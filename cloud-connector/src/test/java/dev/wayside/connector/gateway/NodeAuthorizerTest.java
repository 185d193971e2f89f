// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.access.Rbac;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeAuthorizerTest {
    private static final User GATEWAY = gateway("gw-1");

    @TempDir Path folder;

    private final ManualClock clock = new ManualClock();
    private EmbeddedObjectStore store;
    private BoundObjects bound;
    private Rbac rbac;
    private ConnectorAuthorizer authorizer;
    private KubeObject node;
    private KubeObject pod;
    private KubeObject foreign;
    private KubeObject volume;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        store = TestingStore.open(folder, clock);
        bound = new BoundObjects(store);
        bound.start();
        assertThat(bound.awaitComplete(Duration.ofSeconds(10))).isTrue();
        // Nothing is bound to gateways: what they may is the node rule's to say.
        rbac = new Rbac(store);
        authorizer =
                new ConnectorAuthorizer(
                        new NodeAuthorizer(bound), rbac, (id, name) -> false, clock);
        node = TestingStore.node(store, "gw-1");
        TestingStore.node(store, "gw-2");
        pod = TestingStore.pod(store, "gw-1", "mine");
        foreign = TestingStore.pod(store, "gw-2", "theirs");
        volume = volume("here", "gw-1");
        volume("there", "gw-2");
    }

    private KubeObject volume(String name, String node) {
        return store.create(
                ResourceType.PERSISTENT_VOLUMES,
                KubeObject.of(ResourceType.PERSISTENT_VOLUMES, "", name)
                        .withSpec(
                                TestingStore.json(
                                                """
                                                {"capacity": {"storage": "1Gi"},
                                                 "accessModes": ["ReadWriteOnce"],
                                                 "local": {"path": "/x"}}
                                                """)
                                        .with("nodeAffinity", LocalVolumes.affinityTo(node))),
                WriteOptions.by("test"));
    }

    @AfterEach
    void stop() {
        rbac.close();
        bound.close();
        store.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /api/v1/nodes/gw-1",
                "GET /api/v1/nodes?fieldSelector=metadata.name%3Dgw-1",
                "GET /api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dgw-1",
                "PATCH /api/v1/nodes/gw-1/status",
                "PUT /api/v1/nodes/gw-1/status",
                "PATCH /api/v1/nodes/gw-1",
                "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dgw-1",
                "GET /api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dgw-1",
                "GET /api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dgw-1",
                "GET /api/v1/namespaces/default/pods/mine",
                "PATCH /api/v1/namespaces/default/pods/mine/status",
                "DELETE /api/v1/namespaces/default/pods/mine",
                "GET /api/v1/namespaces/default/secrets/mine-secret",
                "GET /api/v1/namespaces/default/secrets?watch=true&fieldSelector=metadata.name%3Dmine-secret",
                "GET /api/v1/namespaces/default/configmaps/mine-map",
                "GET /api/v1/namespaces/default/persistentvolumeclaims?watch=true&fieldSelector=metadata.name%3Dmine-claim",
                "GET /api/v1/persistentvolumes?watch=true&fieldSelector=spec.nodeName%3Dgw-1",
                "GET /api/v1/persistentvolumes/here",
                "DELETE /api/v1/persistentvolumes/here",
                "POST /api/v1/namespaces/default/events",
                "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-1",
                "POST /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
                "PUT /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-1",
                "GET /api/v1/namespaces/kube-system",
                "POST /apis/certificates.k8s.io/v1/certificatesigningrequests",
                "GET /apis",
                "GET /apis/apps/v1",
                "GET /openapi/v3/api/v1",
                "GET /version",
                "GET /readyz",
            })
    void allowsAGatewayWhatIsItsOwn(String request) {
        assertThat(allowed(GATEWAY, request)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /api/v1/nodes",
                "GET /api/v1/nodes/gw-2",
                "GET /api/v1/nodes?fieldSelector=metadata.name%3Dgw-2",
                "GET /api/v1/nodes?fieldSelector=metadata.name!%3Dgw-1",
                "PATCH /api/v1/nodes/gw-2/status",
                "POST /api/v1/nodes",
                "DELETE /api/v1/nodes/gw-1",
                "DELETE /api/v1/nodes",
                "GET /api/v1/pods",
                "GET /api/v1/pods?watch=true",
                "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dgw-2",
                "GET /api/v1/pods?fieldSelector=spec.nodeName!%3Dgw-1",
                "GET /api/v1/pods?labelSelector=spec.nodeName%3Dgw-1",
                "GET /api/v1/namespaces/default/pods/theirs",
                "GET /api/v1/namespaces/default/pods/nobodys",
                "PATCH /api/v1/namespaces/default/pods/theirs/status",
                "PATCH /api/v1/namespaces/default/pods/mine",
                "PUT /api/v1/namespaces/default/pods/mine",
                "POST /api/v1/namespaces/default/pods",
                "POST /api/v1/namespaces/default/pods/mine/binding",
                "POST /api/v1/namespaces/default/pods/theirs/binding",
                "DELETE /api/v1/namespaces/default/pods",
                "DELETE /api/v1/namespaces/default/pods/theirs",
                "GET /api/v1/secrets",
                "GET /api/v1/namespaces/default/secrets",
                "GET /api/v1/namespaces/default/secrets?watch=true",
                "GET /api/v1/namespaces/default/secrets/theirs-secret",
                "GET /api/v1/namespaces/kube-system/secrets/mine-secret",
                "GET /api/v1/secrets?fieldSelector=metadata.name%3Dmine-secret",
                "GET /api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Dtheirs-secret",
                "PATCH /api/v1/namespaces/default/secrets/mine-secret",
                "DELETE /api/v1/namespaces/default/secrets/mine-secret",
                "POST /api/v1/namespaces/default/secrets",
                "GET /api/v1/namespaces/default/configmaps/theirs-map",
                "GET /api/v1/namespaces/default/persistentvolumeclaims",
                "GET /api/v1/namespaces/default/persistentvolumeclaims/theirs-claim",
                "PATCH /api/v1/namespaces/default/persistentvolumeclaims/mine-claim",
                "GET /api/v1/persistentvolumes",
                "GET /api/v1/persistentvolumes?fieldSelector=spec.nodeName%3Dgw-2",
                "GET /api/v1/persistentvolumes/there",
                "DELETE /api/v1/persistentvolumes",
                "DELETE /api/v1/persistentvolumes/there",
                "PATCH /api/v1/persistentvolumes/here",
                "PATCH /api/v1/persistentvolumes/here/status",
                "POST /api/v1/persistentvolumes",
                "GET /apis/storage.k8s.io/v1/storageclasses",
                "GET /api/v1/namespaces/default/events",
                "DELETE /api/v1/namespaces/default/events/e",
                "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
                "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-2",
                "PATCH /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-2",
                "PATCH /apis/coordination.k8s.io/v1/namespaces/default/leases/gw-1",
                "DELETE /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-1",
                "GET /api/v1/namespaces",
                "GET /api/v1/namespaces/default",
                "PATCH /apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval",
                "PATCH /apis/certificates.k8s.io/v1/certificatesigningrequests/x/status",
                "GET /apis/certificates.k8s.io/v1/certificatesigningrequests",
                "GET /apis/certificates.k8s.io/v1/certificatesigningrequests/x",
                "GET /apis/apps/v1/deployments",
                "POST /apis",
                "GET /wayside/backup",
                "GET /metrics",
                "GET /",
                "GET /apisx",
            })
    void deniesAGatewayAllElse(String request) {
        assertThat(allowed(GATEWAY, request)).isFalse();
        assertThat(authorizer.refused()).isEqualTo(1);
    }

    @Test
    void takesAUserForAGatewayOnlyIfNameAndGroupFit() {
        String request = "GET /api/v1/nodes/gw-1";
        User noGroup = new User("system:node:gw-1", List.of("others"), GATEWAY.credential());
        User noName = new User("gw-1", List.of(User.NODES_GROUP), GATEWAY.credential());

        assertThat(allowed(noGroup, request)).isFalse();
        assertThat(allowed(noName, request)).isFalse();
        assertThat(allowed(User.ANONYMOUS, request)).isFalse();
        assertThat(allowed(User.ANONYMOUS, "GET /apis")).isFalse();
        assertThat(allowed(noGroup, "GET /apis")).isFalse();
    }

    @Test
    void letsABearerOfATokenAskForItsCertificateAndNothingElse() {
        ConnectorAuthorizer withToken =
                new ConnectorAuthorizer(
                        new NodeAuthorizer(bound),
                        rbac,
                        (id, name) -> id.equals("abc") && name.equals("its"),
                        clock);
        User newcomer =
                new User(
                        "system:bootstrap:abc",
                        List.of(User.BOOTSTRAPPERS_GROUP),
                        new User.Credential.JoinToken("abc"));
        String requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

        assertThat(withToken.authorize(newcomer, info("POST " + requests)).allowed()).isTrue();
        assertThat(withToken.authorize(newcomer, info("GET " + requests + "/its")).allowed())
                .isTrue();
        for (String denied :
                List.of(
                        "GET " + requests,
                        "GET " + requests + "/other",
                        "DELETE " + requests + "/its",
                        "PUT " + requests + "/its/approval",
                        "GET /api/v1/nodes",
                        "GET /apis")) {
            assertThat(withToken.authorize(newcomer, info(denied)).allowed()).isFalse();
        }
    }

    @Test
    void forgetsASecretWhenNoPodNamesItAnyMore() {
        String request = "GET /api/v1/namespaces/default/secrets/mine-secret";
        assertThat(allowed(GATEWAY, request)).isTrue();

        store.delete(
                ResourceType.PODS,
                pod.key(ResourceType.PODS),
                new DeleteOptions(OptionalLong.of(0), null, null, null, false));

        eventually(() -> !allowed(GATEWAY, request));
    }

    @Test
    void patchesOnlyStatusAndOwnLabelsOfTheNode() {
        String nodePath = "PATCH /api/v1/nodes/gw-1";
        admit(nodePath, PatchType.MERGE, "{'metadata':{'labels':{'kubernetes.io/arch':'arm64'}}}");
        admit(nodePath + "/status", PatchType.STRATEGIC, "{'status':{'phase':'x'}}");
        for (String refused :
                List.of(
                        "{'metadata':{'labels':{'site':'site-2'}}}",
                        "{'metadata':{'labels':{'site':null}}}",
                        "{'metadata':{'labels':null}}",
                        "{'metadata':{'labels':{'$patch':'replace'}}}",
                        "{'metadata':{'$patch':'replace','labels':{}}}",
                        "{'metadata':{'annotations':{'a':'b'}}}",
                        "{'metadata':{'finalizers':['x']}}",
                        "{'metadata':{'ownerReferences':[]}}",
                        "{'metadata':null}",
                        "{'spec':{'unschedulable':false}}",
                        "{'spec':{'taints':[]}}",
                        "{'$patch':'delete'}",
                        "{'status':{}}")) {
            refuse(nodePath, PatchType.STRATEGIC, refused);
        }
        refuse(nodePath + "/status", PatchType.MERGE, "{'spec':{}}");
        refuse(nodePath + "/status", PatchType.MERGE, "{'metadata':{'labels':{'site':'x'}}}");
        refuse(nodePath + "/status", PatchType.MERGE, "{'$patch':'replace','status':{}}");
    }

    @Test
    void refusesJsonPatchesAndApply() {
        JsonArray patch = JsonArray.of(TestingStore.json("{\"op\":\"remove\",\"path\":\"/spec\"}"));
        for (PatchType type : List.of(PatchType.JSON, PatchType.APPLY)) {
            assertThatThrownBy(
                            () ->
                                    authorizer.admit(
                                            GATEWAY,
                                            info("PATCH /api/v1/nodes/gw-1/status"),
                                            type,
                                            patch))
                    .isInstanceOf(ApiException.class);
        }
    }

    @Test
    void replacesTheNodeOnlyWithTheSameSpecAndForeignLabels() {
        String path = "PUT /api/v1/nodes/gw-1";
        KubeObject labelled = node.withLabels(java.util.Map.of("kubernetes.io/os", "linux"));
        admit(path, null, labelled.json());
        refuse(path, null, node.withLabels(java.util.Map.of("site", "x")).json());
        refuse(path, null, node.withSpec(JsonObject.of("podCIDR", "10.0.0.0/24")).json());
        refuse(path, null, labelled.withoutMetadata("resourceVersion").json());
        refuse(path, null, labelled.withMetadata("resourceVersion", Json.of("1")).json());
    }

    @Test
    void patchesOnlyTheStatusOfPods() {
        String path = "PATCH /api/v1/namespaces/default/pods/mine/status";
        admit(path, PatchType.MERGE, "{'metadata':{'uid':'x'},'status':{'phase':'Running'}}");
        refuse(path, PatchType.MERGE, "{'metadata':{'labels':{'app':'x'}},'status':{}}");
        refuse(path, PatchType.MERGE, "{'spec':{'nodeName':'gw-2'}}");
    }

    @Test
    void confirmsOnlyDeletionsThatWereAskedFor() {
        String path = "DELETE /api/v1/namespaces/default/pods/mine";
        String confirmation =
                "{'gracePeriodSeconds':0,'preconditions':{'uid':'" + pod.uid() + "'}}";
        refuse(path, null, confirmation);

        store.delete(ResourceType.PODS, pod.key(ResourceType.PODS), DeleteOptions.BACKGROUND);

        admit(path, null, confirmation);
        refuse(path, null, "{'gracePeriodSeconds':0}");
        refuse(path, null, "{'gracePeriodSeconds':5,'preconditions':{'uid':'" + pod.uid() + "'}}");
        refuse(path, null, "{'gracePeriodSeconds':0,'preconditions':{'uid':'other'}}");
    }

    @Test
    void confirmsTheEndOfAVolumeOnlyWhenItWasAskedFor() {
        String path = "DELETE /api/v1/persistentvolumes/here";
        String confirmation =
                "{'gracePeriodSeconds':0,'preconditions':{'uid':'" + volume.uid() + "'}}";
        refuse(path, null, confirmation);
        store.delete(
                ResourceType.PERSISTENT_VOLUMES,
                volume.key(ResourceType.PERSISTENT_VOLUMES),
                DeleteOptions.BACKGROUND);
        admit(path, null, confirmation);
        refuse(path, null, "{'gracePeriodSeconds':0,'preconditions':{'uid':'other'}}");
    }

    @Test
    void writesEventsAboutItsNodeAndItsPodsOnly() {
        String path = "POST /api/v1/namespaces/default/events";
        admit(path, null, "{'involvedObject':{'kind':'Node','name':'gw-1'}}");
        admit(path, null, about(pod));
        refuse(path, null, about(foreign));
        refuse(path, null, "{'involvedObject':{'kind':'Node','name':'gw-2'}}");
        refuse(path, null, "{'involvedObject':{'kind':'Deployment','name':'x'}}");
        refuse("POST /api/v1/namespaces/kube-public/events", null, about(pod));

        store.delete(
                ResourceType.PODS,
                pod.key(ResourceType.PODS),
                new DeleteOptions(OptionalLong.of(0), null, null, null, false));
        eventually(() -> bound.wasPodOn("gw-1", pod.key(ResourceType.PODS), pod.uid()));
        admit(path, null, about(pod));
    }

    @Test
    void changesEventsAboutOthersNever() {
        KubeObject event =
                KubeObject.of(ResourceType.EVENTS, "default", "e")
                        .with(
                                "involvedObject",
                                TestingStore.json(about(foreign).replace('\'', '"'))
                                        .object("involvedObject"));
        store.create(ResourceType.EVENTS, event, WriteOptions.by("test"));
        KubeObject own =
                KubeObject.of(ResourceType.EVENTS, "default", "own")
                        .with(
                                "involvedObject",
                                TestingStore.json(about(pod).replace('\'', '"'))
                                        .object("involvedObject"));
        store.create(ResourceType.EVENTS, own, WriteOptions.by("test"));

        refuse("PATCH /api/v1/namespaces/default/events/e", PatchType.MERGE, "{'count':2}");
        admit("PATCH /api/v1/namespaces/default/events/own", PatchType.MERGE, "{'count':2}");
        refuse(
                "PATCH /api/v1/namespaces/default/events/own",
                PatchType.MERGE,
                "{'involvedObject':{'name':'theirs'}}");
    }

    @Test
    void createsOnlyItsOwnLease() {
        String path = "POST /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
        admit(path, null, "{'metadata':{'name':'gw-1'}}");
        refuse(path, null, "{'metadata':{'name':'gw-2'}}");
        refuse(path, null, "{'metadata':{'generateName':'gw-1'}}");
    }

    @Test
    void knowsNodesByTheirUid() {
        assertThat(bound.isCurrentNode("gw-1", node.uid())).isTrue();
        assertThat(bound.isCurrentNode("gw-1", "another")).isFalse();
        assertThat(bound.isCurrentNode("gw-3", "")).isFalse();

        store.delete(ResourceType.NODES, node.key(ResourceType.NODES), DeleteOptions.BACKGROUND);
        eventually(() -> !bound.isCurrentNode("gw-1", node.uid()));
        TestingStore.node(store, "gw-1");
        assertThat(bound.isCurrentNode("gw-1", node.uid())).isFalse();
    }

    private static String about(KubeObject pod) {
        return "{'involvedObject':{'kind':'Pod','namespace':'default','name':'"
                + pod.name()
                + "','uid':'"
                + pod.uid()
                + "'}}";
    }

    private void admit(String request, @Nullable PatchType patch, String body) {
        admit(request, patch, TestingStore.json(body.replace('\'', '"')));
    }

    private void admit(String request, @Nullable PatchType patch, JsonObject body) {
        authorizer.admit(GATEWAY, info(request), patch, body);
    }

    private void refuse(String request, @Nullable PatchType patch, String body) {
        refuse(request, patch, TestingStore.json(body.replace('\'', '"')));
    }

    private void refuse(String request, @Nullable PatchType patch, JsonObject body) {
        assertThatThrownBy(() -> admit(request, patch, body))
                .as(request + " " + body)
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(ApiException.Reason.FORBIDDEN));
    }

    private boolean allowed(User user, String request) {
        return authorizer.authorize(user, info(request)).allowed();
    }

    private static RequestInfo info(String request) {
        int space = request.indexOf(' ');
        return RequestInfo.parse(request.substring(0, space), request.substring(space + 1));
    }

    private static User gateway(String name) {
        return new User(
                "system:node:" + name,
                List.of(User.NODES_GROUP),
                new User.Credential.Certificate("uid", Instant.MAX));
    }

    private static void eventually(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
