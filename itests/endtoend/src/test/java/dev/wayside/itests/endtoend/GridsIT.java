// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Grids and sites on three gateways, with manifests as SuperEdge's users have them; the steps build
 * on each other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GridsIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** In the first spelling, which SuperEdge's own examples have. */
    private static final String PLANTS =
            """
            apiVersion: site.superedge.io/v1alpha1
            kind: NodeUnit
            metadata: {name: plant-1}
            spec:
              type: edge
              nodes: [gw-1]
              setnode: {labels: {hall: north}}
            ---
            apiVersion: site.superedge.io/v1alpha1
            kind: NodeUnit
            metadata: {name: plant-2}
            spec:
              type: edge
              selector: {matchLabels: {site: site-2}}
            ---
            apiVersion: site.superedge.io/v1alpha1
            kind: NodeGroup
            metadata: {name: plants}
            spec:
              nodeunits: [plant-1, plant-2]
            """;

    private static final String GRIDS =
            """
            apiVersion: superedge.io/v1
            kind: DeploymentGrid
            metadata: {name: web, namespace: default}
            spec:
              gridUniqKey: plants
              template:
                selector: {matchLabels: {appGrid: web}}
                template:
                  metadata: {labels: {appGrid: web}}
                  spec:
                    terminationGracePeriodSeconds: 1
                    containers:
                    - {name: web, image: wayside.dev/host, command: [sleep, "1000"], ports: [{containerPort: 8080}]}
            ---
            apiVersion: superedge.io/v1
            kind: ServiceGrid
            metadata: {name: web, namespace: default}
            spec:
              gridUniqKey: plants
              template:
                selector: {appGrid: web}
                ports: [{protocol: TCP, port: 80, targetPort: 8080}]
            """;

    /** Each start of a pod adds a line to its own data. */
    private static final String STATEFUL =
            """
            apiVersion: superedge.io/v1
            kind: StatefulSetGrid
            metadata: {name: db, namespace: default}
            spec:
              gridUniqKey: plants
              template:
                serviceName: db-svc
                replicas: 2
                selector: {matchLabels: {appGrid: db}}
                template:
                  metadata: {labels: {appGrid: db}}
                  spec:
                    terminationGracePeriodSeconds: 1
                    containers:
                    - name: db
                      image: wayside.dev/host
                      command: [sh, -c, "echo $NAME >> $CONTAINER_SANDBOX_MOUNT_POINT/data/log; exec sleep 1000"]
                      env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
                      volumeMounts: [{name: data, mountPath: /data}]
                volumeClaimTemplates:
                - metadata: {name: data}
                  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
            """;

    /** A grid by a label that people give; the text is what its pods hold. */
    private static String line(String pool, String selection, String text) {
        return """
        apiVersion: superedge.io/v1
        kind: DeploymentGrid
        metadata: {name: line, namespace: default}
        spec:
          gridUniqKey: line
          %2$s
          template:
            selector: {matchLabels: {app: line}}
            template:
              metadata: {labels: {app: line}}
              spec:
                terminationGracePeriodSeconds: 1
                containers:
                - {name: main, image: wayside.dev/host, command: [sleep, "1000"], env: [{name: TEXT, value: %3$s}]}
          %1$s
        """
                .formatted(pool, selection, text);
    }

    private static final String NEXT =
            """
            templatePool:
                next:
                  selector: {matchLabels: {app: line}}
                  template:
                    metadata: {labels: {app: line}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                      - {name: main, image: wayside.dev/host, command: [sleep, "1000"], env: [{name: TEXT, value: next}]}
            """
                    .stripTrailing();

    private Surface kubectl;

    @BeforeAll
    void up() throws Exception {
        kubectl = Surface.up(3);
    }

    @AfterAll
    void down() throws Exception {
        if (kubectl != null) {
            kubectl.close();
        }
    }

    private void apply(String manifest) throws Exception {
        kubectl.ok("apply -f " + kubectl.file("grids.yaml", manifest));
    }

    private Map<String, KubeObject> byNode(String app, int count) throws Exception {
        return kubectl.wayside().awaitRunning(app, count).stream()
                .collect(
                        Collectors.toMap(
                                pod -> pod.spec().text("nodeName"),
                                pod -> pod,
                                (one, other) -> one,
                                TreeMap::new));
    }

    private static String text(KubeObject pod) {
        return pod.spec()
                .array("containers")
                .objects()
                .get(0)
                .array("env")
                .objects()
                .get(0)
                .text("value");
    }

    /** Waits until so many pods run, all of which hold the text. */
    private void awaitText(String text, int count) throws Exception {
        Eventually.see(
                text + " everywhere",
                SOON,
                () ->
                        kubectl.wayside().awaitRunning("app=line", count).stream()
                                .map(GridsIT::text)
                                .distinct()
                                .toList(),
                List.of(text)::equals);
    }

    private void await(String what, String line, String expected) throws Exception {
        Eventually.see(what, SOON, () -> kubectl.ok(line), text -> text.contains(expected));
    }

    @Test
    @Order(1)
    void manifestsOfSuperEdgeRunInEachUnit() throws Exception {
        apply(PLANTS);
        await("the units are ready", "get nu", "1/1");
        apply(GRIDS);
        Map<String, KubeObject> pods = byNode("appGrid=web", 2);
        assertThat(pods.keySet()).containsExactly("gw-1", "gw-2");
        assertThat(kubectl.ok("get node gw-1 --show-labels"))
                .contains("plants=plant-1", "plant-1=nodeunits.superedge.io", "hall=north");
        await("all ready", "get dg web", "2/2");
        assertThat(kubectl.ok("get dg web"))
                .matches("NAME +SITES +READY +UPDATED +AGE\nweb +2 +2/2 +2 +\\S+\n");
        assertThat(kubectl.ok("get deploy web-plant-1 -o yaml"))
                .contains(
                        "superedge.io/grid-selector: web",
                        "superedge.io/grid-uniq-key: plants",
                        "plants: plant-1");
        assertThat(kubectl.ok("get svc web-svc -o yaml"))
                .contains("topologyKeys: '[\"plants\"]'", "superedge.io/grid-selector: web");
        assertThat(kubectl.ok("get ng plants")).containsPattern("plants +2 ");
        assertThat(kubectl.ok("get nodeunits.v1alpha1.site.superedge.io plant-2 -o yaml"))
                .contains("readyrate: 1/1");
        assertThat(kubectl.ok("wait --for=condition=Available --timeout=60s dg/web"))
                .contains("condition met");
    }

    @Test
    @Order(2)
    void aLabelMakesASite() throws Exception {
        kubectl.ok("label node gw-1 line=a");
        kubectl.ok("label node gw-2 line=b");
        apply(line("", "", "first"));
        byNode("app=line", 2);
        kubectl.ok("label node gw-3 line=c");
        assertThat(byNode("app=line", 3).keySet()).containsExactly("gw-1", "gw-2", "gw-3");
        assertThat(kubectl.ok("get deploy line-c")).contains("1/1");
    }

    @Test
    @Order(3)
    void aCanaryTouchesItsSiteAlone() throws Exception {
        Map<String, KubeObject> before = byNode("app=line", 3);
        apply(line(NEXT, "templates: {b: next}", "first"));
        Eventually.see(
                "the canary", SOON, () -> text(byNode("app=line", 3).get("gw-2")), "next"::equals);
        Map<String, KubeObject> canary = byNode("app=line", 3);
        for (String other : new String[] {"gw-1", "gw-3"}) {
            assertThat(canary.get(other).uid()).isEqualTo(before.get(other).uid());
        }
        apply(line(NEXT, "defaultTemplateName: next", "first"));
        awaitText("next", 3);
        assertThat(byNode("app=line", 3).get("gw-2").uid()).isEqualTo(canary.get("gw-2").uid());
    }

    @Test
    @Order(4)
    void whoScalesAChildKeepsItsCount() throws Exception {
        kubectl.ok("scale deploy line-a --replicas=2");
        // As an autoscaler does it.
        kubectl.ok(
                "patch deploy line-c --subresource=scale --type=merge -p",
                "{\"spec\":{\"replicas\":3}}");
        kubectl.ok("rollout status deploy/line-a --timeout=60s");
        kubectl.ok("rollout status deploy/line-c --timeout=60s");
        apply(line("", "", "second"));
        awaitText("second", 6);
        assertThat(kubectl.ok("get deploy -l superedge.io/grid-selector=line"))
                .containsPattern("line-a +2/2")
                .containsPattern("line-b +1/1")
                .containsPattern("line-c +3/3");
        kubectl.ok("scale deploy line-a line-c --replicas=1");
        byNode("app=line", 3);
    }

    @Test
    @Order(5)
    void anUndoOfAChildIsTheGridsToGiveAndAnUndoOfTheGridIsItsFormerManifest() throws Exception {
        assertThat(kubectl.ok("rollout history deploy/line-a")).containsPattern("(?m)^2 ");
        assertThat(kubectl.refused("rollout undo dg/line")).contains("DeploymentGrid");
        kubectl.ok("rollout undo deploy/line-a");
        Eventually.see(
                "the grid's word stands",
                SOON,
                () -> kubectl.wayside().get("deploy", "line-a").get(0),
                child ->
                        child.spec().object("template").toJson().contains("\"second\"")
                                && child.annotation("deployment.kubernetes.io/revision")
                                                .map(Integer::parseInt)
                                                .orElse(0)
                                        > 3);
        apply(line("", "", "first"));
        awaitText("first", 3);
    }

    @Test
    @Order(6)
    void aLostSiteIsKeptThenWarnedOfThenRemoved() throws Exception {
        String before = byNode("app=line", 3).get("gw-3").uid();
        kubectl.ok("annotate dg line wayside.dev/site-removal-grace=20s");
        kubectl.ok("label node gw-3 line-");
        await(
                "told in the status",
                "get dg line -o jsonpath={.status.conditions[?(@.type==\"SitesGone\")].message}",
                "Deployment line-c will be deleted 20 s after");
        await("told in an event", "get events --field-selector=reason=SiteGone", "line=c");
        assertThat(kubectl.ok("get deploy line-c")).contains("1/1");
        assertThat(byNode("app=line", 3).get("gw-3").uid()).isEqualTo(before);
        Eventually.see(
                "removed",
                SOON,
                () -> kubectl.run("get deploy line-c").output(),
                text -> text.contains("NotFound"));
        await(
                "told",
                "get events --field-selector=reason=SiteRemoved",
                "Deleted Deployment line-c");
        assertThat(byNode("app=line", 2).keySet()).containsExactly("gw-1", "gw-2");
        await("nothing of it in the status", "get dg line", "2/2");
    }

    @Test
    @Order(7)
    void aProtectedGridLosesNothing() throws Exception {
        String before = byNode("app=line", 2).get("gw-2").uid();
        kubectl.ok("annotate dg line wayside.dev/protect-sites=true");
        kubectl.ok("annotate dg line wayside.dev/site-removal-grace=0s --overwrite");
        kubectl.ok("label node gw-2 line-");
        await(
                "told",
                "get dg line -o jsonpath={.status.conditions[?(@.type==\"SitesGone\")].message}",
                "line-b stays, sites are protected");
        assertThat(byNode("app=line", 2).get("gw-2").uid()).isEqualTo(before);
        kubectl.ok("label node gw-2 line=b");
        await(
                "no site is gone",
                "get dg line -o jsonpath={.status.conditions[?(@.type==\"SitesGone\")].status}",
                "False");
        assertThat(byNode("app=line", 2).get("gw-2").uid()).isEqualTo(before);
    }

    @Test
    @Order(8)
    void aDrainedGatewayGetsItsPodsBackWithUncordon() throws Exception {
        byNode("app=line", 2);
        assertThat(kubectl.ok("drain gw-1 --timeout=60s")).endsWith("node/gw-1 drained\n");
        await(
                "why the pod waits",
                "get events --field-selector=reason=FailedScheduling",
                "node(s) were unschedulable");
        assertThat(kubectl.ok("get pods -l app=line --field-selector=spec.nodeName=gw-1"))
                .contains("No resources found");
        assertThat(kubectl.ok("get node gw-1")).contains("Ready,SchedulingDisabled");
        kubectl.ok("uncordon gw-1");
        assertThat(byNode("app=line", 2).keySet()).containsExactly("gw-1", "gw-2");
    }

    private String data(String pod) throws Exception {
        String claim = kubectl.ok("get pvc data-" + pod + " -o jsonpath={.metadata.uid}");
        String node = kubectl.ok("get pod " + pod + " -o jsonpath={.spec.nodeName}");
        return Files.readString(
                kubectl.wayside().gateway(node).resolve("volumes/pvc-" + claim + "/log"));
    }

    @Test
    @Order(9)
    void aStatefulSetGridsPodsKeepTheirNamesAndData() throws Exception {
        apply(STATEFUL);
        List<String> names =
                List.of("db-plant-1-0", "db-plant-1-1", "db-plant-2-0", "db-plant-2-1");
        assertThat(kubectl.wayside().awaitRunning("appGrid=db", 4))
                .extracting(KubeObject::name)
                .containsExactlyInAnyOrderElementsOf(names);
        await("all ready", "get ssg db", "4/4");
        assertThat(kubectl.ok("get ssg db"))
                .matches("NAME +SITES +READY +UPDATED +AGE\ndb +2 +4/4 +4 +\\S+\n");
        kubectl.ok("delete pod db-plant-2-1");
        kubectl.ok("rollout restart sts/db-plant-1");
        kubectl.ok("rollout status sts/db-plant-1 --timeout=60s");
        kubectl.wayside().awaitRunning("appGrid=db", 4);
        kubectl.wayside().cutGateway("gw-1");
        kubectl.wayside().cutConnector();
        kubectl.wayside().up(3, 3);
        assertThat(kubectl.wayside().awaitRunning("appGrid=db", 4))
                .extracting(KubeObject::name)
                .containsExactlyInAnyOrderElementsOf(names);
        assertThat(data("db-plant-1-0")).isEqualTo("db-plant-1-0\n".repeat(2));
        assertThat(data("db-plant-2-0")).isEqualTo("db-plant-2-0\n");
        assertThat(data("db-plant-2-1")).isEqualTo("db-plant-2-1\n".repeat(2));
        assertThat(kubectl.ok("delete ssg db --timeout=60s")).contains("deleted");
        Eventually.see(
                "the pods are gone",
                SOON,
                () -> kubectl.ok("get pods -l appGrid=db"),
                text -> text.contains("No resources found"));
        assertThat(kubectl.ok("get pvc")).contains("data-db-plant-2-1", "Bound");
        kubectl.ok("delete pvc --all --timeout=60s");
    }

    @Test
    @Order(10)
    void aUnitThatGoesLeavesNothingOnItsNodes() throws Exception {
        kubectl.ok("annotate dg web wayside.dev/site-removal-grace=1s");
        kubectl.ok("delete nu plant-2 --timeout=60s");
        assertThat(kubectl.ok("get node gw-2 --show-labels")).doesNotContain("plant");
        Eventually.see(
                "the site's child goes",
                SOON,
                () -> kubectl.run("get deploy web-plant-2").output(),
                text -> text.contains("NotFound"));
        assertThat(byNode("appGrid=web", 1).keySet()).containsExactly("gw-1");
        kubectl.ok("delete dg web line --timeout=60s");
        kubectl.ok("delete sg web --timeout=60s");
        Eventually.see(
                "all gone",
                SOON,
                () -> kubectl.ok("get deploy,svc,pods -l superedge.io/grid-selector"),
                text -> text.contains("No resources found"));
    }
}
