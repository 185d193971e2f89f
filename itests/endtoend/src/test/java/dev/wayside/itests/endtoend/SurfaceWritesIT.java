// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Every way in which kubectl changes a cluster; the steps build on each other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SurfaceWritesIT {
    private static final String SCALED =
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: fans.plant.example.com}
            spec:
              group: plant.example.com
              scope: Namespaced
              names: {plural: fans, singular: fan, kind: Fan}
              versions:
              - name: v1
                served: true
                storage: true
                subresources:
                  scale: {specReplicasPath: .spec.blades.count, statusReplicasPath: .status.turning}
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      spec:
                        type: object
                        properties:
                          speed: {type: integer}
                          blades: {type: object, properties: {count: {type: integer}}}
                      status: {type: object, properties: {turning: {type: integer}}}
            """;

    private Surface kubectl;
    private String app = "";

    @BeforeAll
    void up() throws Exception {
        kubectl = Surface.up();
        app = kubectl.file("app.yaml", Surface.APP);
    }

    @AfterAll
    void down() throws Exception {
        if (kubectl != null) {
            kubectl.close();
        }
    }

    private KubeObject deployment() throws Exception {
        return kubectl.wayside().get("deploy", "app").get(0);
    }

    private String env(KubeObject deployment, String name) {
        return deployment
                .spec()
                .object("template", "spec")
                .array("containers")
                .objects()
                .get(0)
                .array("env")
                .objects()
                .stream()
                .filter(each -> each.text("name").equals(name))
                .map(each -> each.text("value"))
                .findFirst()
                .orElse("");
    }

    private void awaitRollout() throws Exception {
        assertThat(kubectl.ok("rollout status deploy/app --timeout=90s"))
                .contains("deployment \"app\" successfully rolled out");
    }

    @Test
    @Order(1)
    void applyAndDiffFollowAFile() throws Exception {
        assertThat(kubectl.run("diff -f " + app).status()).isEqualTo(1);
        assertThat(kubectl.ok("apply -f " + app + " --dry-run=server"))
                .isEqualTo(
                        """
                        deployment.apps/app created (server dry run)
                        service/app created (server dry run)
                        """);
        assertThat(kubectl.ok("get deploy,svc -o name")).isEmpty();
        assertThat(kubectl.ok("apply -f " + app))
                .isEqualTo("deployment.apps/app created\nservice/app created\n");
        assertThat(kubectl.ok("apply -f " + app))
                .isEqualTo("deployment.apps/app unchanged\nservice/app unchanged\n");
        assertThat(kubectl.ok("diff -f " + app)).isEmpty();
        String two = kubectl.file("two.yaml", Surface.APP.replace("value: one", "value: two"));
        for (String side : List.of("", " --server-side")) {
            Command.Result diff = kubectl.run("diff -f " + two + side);
            assertThat(diff.status()).isEqualTo(1);
            assertThat(diff.output()).contains("-          value: one", "+          value: two");
        }
        assertThat(env(deployment(), "TEXT")).isEqualTo("one");
        assertThat(kubectl.ok("apply -f " + two))
                .isEqualTo("deployment.apps/app configured\nservice/app unchanged\n");
        assertThat(env(deployment(), "TEXT")).isEqualTo("two");
        assertThat(kubectl.ok("apply --server-side -f " + two))
                .isEqualTo(
                        "deployment.apps/app serverside-applied\nservice/app serverside-applied\n");
        assertThat(kubectl.refused("apply --server-side --field-manager=other -f " + app))
                .contains(
                        "Apply failed with 1 conflict: conflict with \"kubectl\":"
                            + " .spec.template.spec.containers[name=\"main\"].env[name=\"TEXT\"].value")
                .contains("--force-conflicts");
        kubectl.ok("apply --server-side --field-manager=other --force-conflicts -f " + app);
        assertThat(env(deployment(), "TEXT")).isEqualTo("one");
        awaitRollout();
    }

    @Test
    @Order(2)
    void replaceNeedsTheLatestRevision() throws Exception {
        String stale = kubectl.ok("get svc app -o yaml");
        String changed = kubectl.file("svc.yaml", stale.replace("port: 80\n", "port: 81\n"));
        assertThat(kubectl.ok("replace -f " + changed)).isEqualTo("service/app replaced\n");
        assertThat(kubectl.refused("replace -f " + changed))
                .contains(
                        "Operation cannot be fulfilled on services \"app\": the object has been"
                            + " modified; please apply your changes to the latest version and try"
                            + " again");
        String address = address("app");
        String fresh =
                kubectl.file("fresh.yaml", Surface.APP.substring(Surface.APP.indexOf("---")));
        assertThat(kubectl.ok("replace --force -f " + fresh)).contains("service/app replaced");
        // An address is found by the name, so who comes back has the old one.
        assertThat(address("app")).isEqualTo(address);
    }

    private String address(String service) throws Exception {
        return kubectl.ok("get svc " + service + " -o jsonpath={.spec.clusterIP}");
    }

    @Test
    @Order(3)
    void patchesOfEveryType() throws Exception {
        assertThat(
                        kubectl.ok(
                                "patch deploy app -p",
                                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"env\":[{\"name\":\"B\",\"value\":\"x\"}]}]}}}}"))
                .isEqualTo("deployment.apps/app patched\n");
        assertThat(env(deployment(), "B")).isEqualTo("x");
        assertThat(env(deployment(), "TEXT")).isEqualTo("one");
        String merge = "{\"metadata\":{\"annotations\":{\"note\":\"y\"}}}";
        assertThat(kubectl.ok("patch deploy app --type=merge -p", merge)).contains("app patched\n");
        assertThat(kubectl.ok("patch deploy app --type=merge -p", merge))
                .isEqualTo("deployment.apps/app patched (no change)\n");
        kubectl.ok(
                "patch deploy app --type=json -p",
                "[{\"op\":\"remove\",\"path\":\"/metadata/annotations/note\"}]");
        assertThat(deployment().annotations()).doesNotContainKey("note");
        assertThat(
                        kubectl.refused(
                                "patch deploy app --type=json -p",
                                "[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":7}]"))
                .contains("The request is invalid: the server rejected our request")
                .contains("testing value /spec/replicas failed: test failed");
        kubectl.ok(
                "patch node gw-1 --subresource=status --type=merge -p",
                "{\"status\":{\"capacity\":{\"example.com/lamps\":\"3\"}}}");
        assertThat(kubectl.refused("patch deploy app -p", "{\"spec\":{\"replicas\":-1}}"))
                .contains(
                        "The Deployment \"app\" is invalid: spec.replicas: Invalid value: -1: must"
                                + " be greater than or equal to 0");
    }

    @Test
    @Order(4)
    void theEditorShowsTheObjectAndWhatIsWrong() throws Exception {
        assertThat(edit("sed -i 's/cpu: 10m/cpu: 15m/' \"$1\"").ok())
                .isEqualTo("deployment.apps/app edited\n");
        assertThat(kubectl.ok("get deploy app -o yaml")).contains("cpu: 15m");
        assertThat(edit("true").ok()).isEqualTo("Edit cancelled, no changes made.\n");
        Path seen = kubectl.wayside().data().resolve("seen");
        Command.Result bad =
                edit("cp \"$1\" " + seen + "; sed -i 's/replicas: 2/replicas: -2/' \"$1\"");
        assertThat(bad.status()).isEqualTo(1);
        assertThat(bad.output()).contains("error: deployments.apps \"app\" is invalid");
        assertThat(Files.readString(seen))
                .contains(
                        "# * spec.replicas: Invalid value: -2: must be greater than or equal to 0");
    }

    private Command.Result edit(String script) throws Exception {
        Path editor = Path.of(kubectl.file("editor", "#!/bin/sh\n" + script + "\n"));
        Files.setPosixFilePermissions(editor, PosixFilePermissions.fromString("rwxr-xr-x"));
        return kubectl.wayside()
                .kubectlWith(
                        java.util.Map.of("KUBE_EDITOR", editor.toString()),
                        "edit",
                        "deploy",
                        "app");
    }

    @Test
    @Order(5)
    void scalesWorkloadsAndKindsOfOnesOwn() throws Exception {
        assertThat(kubectl.ok("scale deploy app --replicas=3"))
                .isEqualTo("deployment.apps/app scaled\n");
        assertThat(kubectl.refused("scale deploy app --current-replicas=5 --replicas=1"))
                .contains("error: Expected replicas to be 5, was 3");
        assertThat(
                        kubectl.ok(
                                "patch deploy app --subresource=scale --type=merge -p",
                                "{\"spec\":{\"replicas\":2}}"))
                .isEqualTo("scale.autoscaling/app patched\n");
        assertThat(deployment().spec().number("replicas")).hasValue(2);
        awaitRollout();

        kubectl.wayside().apply(SCALED);
        kubectl.ok("wait --for=condition=Established crd/fans.plant.example.com --timeout=30s");
        String fan =
                kubectl.file(
                        "fan.yaml",
                        "{apiVersion: plant.example.com/v1, kind: Fan, metadata: {name: f}, spec:"
                                + " {speed: 3, blades: {count: 4}}}");
        kubectl.ok("apply --server-side -f " + fan);
        assertThat(kubectl.ok("scale fan f --current-replicas=4 --replicas=7"))
                .isEqualTo("fan.plant.example.com/f scaled\n");
        assertThat(kubectl.ok("get fan f -o jsonpath={.spec}"))
                .isEqualTo("{\"blades\":{\"count\":7},\"speed\":3}");
        assertThat(kubectl.refused("apply --server-side -f " + fan))
                .contains("conflict with \"kubectl\" with subresource \"scale\"")
                .contains(".spec.blades.count");
        kubectl.ok("delete crd fans.plant.example.com --timeout=30s");
    }

    @Test
    @Order(6)
    void rollsOutAndBack() throws Exception {
        kubectl.ok("annotate deploy app kubernetes.io/change-cause=first");
        kubectl.ok("set env deploy/app TEXT=next");
        kubectl.ok("annotate deploy app --overwrite kubernetes.io/change-cause=second");
        awaitRollout();
        assertThat(kubectl.ok("rollout history deploy app"))
                .containsPattern("REVISION +CHANGE-CAUSE")
                .containsPattern("\\d+ +first\n\\d+ +second\n");
        assertThat(kubectl.ok("set env deploy/app --list")).contains("TEXT=next");
        assertThat(kubectl.ok("rollout undo deploy app"))
                .isEqualTo("deployment.apps/app rolled back\n");
        awaitRollout();
        assertThat(env(deployment(), "TEXT")).isEqualTo("one");
        assertThat(kubectl.refused("rollout undo deploy app --to-revision=99"))
                .contains("error: unable to find specified revision 99 in history");
        assertThat(kubectl.ok("rollout restart deploy app"))
                .isEqualTo("deployment.apps/app restarted\n");
        awaitRollout();
        assertThat(kubectl.ok("rollout pause deploy app")).contains("app paused");
        assertThat(kubectl.refused("rollout pause deploy app")).contains("is already paused");
        assertThat(kubectl.ok("set image deploy/app main=wayside.dev/host:2"))
                .isEqualTo("deployment.apps/app image updated\n");
        assertThat(kubectl.refused("rollout status deploy app --timeout=2s"))
                .contains("0 out of 2 new replicas have been updated");
        assertThat(kubectl.ok("rollout resume deploy app")).contains("app resumed");
        awaitRollout();
        assertThat(kubectl.ok("get pods -o jsonpath={.items[*].spec.containers[*].image}"))
                .contains("wayside.dev/host:2");
    }

    @Test
    @Order(7)
    void labelsAnnotatesTaintsAndCordons() throws Exception {
        assertThat(kubectl.ok("label deploy app t=1")).isEqualTo("deployment.apps/app labeled\n");
        assertThat(kubectl.refused("label deploy app t=2"))
                .contains("'t' already has a value (1), and --overwrite is false");
        kubectl.ok("label deploy app t=2 --overwrite");
        assertThat(kubectl.ok("label deploy app t-")).contains("app unlabeled");
        assertThat(kubectl.refused("label deploy app", "a b=1"))
                .contains("is invalid: metadata.labels");
        assertThat(kubectl.ok("label pods --all z=1").lines())
                .allMatch(l -> l.endsWith(" labeled"));
        assertThat(kubectl.ok("annotate svc app n=1")).isEqualTo("service/app annotated\n");
        assertThat(kubectl.ok("annotate svc app --list")).contains("n=1");
        kubectl.ok("label node gw-1 node-role.kubernetes.io/edge=");
        assertThat(kubectl.ok("taint node gw-1 k=v:NoSchedule")).isEqualTo("node/gw-1 tainted\n");
        assertThat(kubectl.refused("taint node gw-1 k=v:NoSchedule"))
                .contains("already has k taint(s) with same effect(s) and --overwrite is false");
        assertThat(kubectl.ok("describe node gw-1")).containsPattern("Taints: +k=v:NoSchedule");
        assertThat(kubectl.ok("taint node gw-1 k-")).isEqualTo("node/gw-1 untainted\n");
        assertThat(kubectl.ok("cordon gw-1")).isEqualTo("node/gw-1 cordoned\n");
        assertThat(kubectl.ok("cordon gw-1")).isEqualTo("node/gw-1 already cordoned\n");
        assertThat(kubectl.ok("get nodes")).containsPattern("Ready,SchedulingDisabled +edge ");
        assertThat(kubectl.ok("uncordon gw-1")).isEqualTo("node/gw-1 uncordoned\n");
    }

    @Test
    @Order(8)
    void drainsWithinABudget() throws Exception {
        awaitRollout();
        assertThat(kubectl.ok("create pdb app --selector=app=app --min-available=100%"))
                .isEqualTo("poddisruptionbudget.policy/app created\n");
        kubectl.ok("wait --for=condition=DisruptionAllowed=False --timeout=60s pdb/app");
        assertThat(kubectl.ok("get pdb")).containsPattern("app +100% +N/A +0 ");
        assertThat(kubectl.refused("drain gw-1 --force --timeout=7s"))
                .contains("node/gw-1 cordoned")
                .contains("Cannot evict pod as it would violate the pod's disruption budget.");
        kubectl.ok("patch pdb app --type=merge -p", "{\"spec\":{\"minAvailable\":0}}");
        kubectl.ok("wait --for=condition=DisruptionAllowed=True --timeout=60s pdb/app");
        assertThat(kubectl.ok("drain gw-1 --force --timeout=120s"))
                .contains("evicting pod default/app-")
                .endsWith("node/gw-1 drained\n");
        assertThat(kubectl.ok("get pods -l app=app --field-selector=spec.nodeName=gw-1"))
                .contains("No resources found");
        kubectl.ok("uncordon gw-1");
        kubectl.ok("delete pdb app");
        awaitRollout();
    }

    @Test
    @Order(9)
    void createsByNameAndRuns() throws Exception {
        kubectl.ok("create ns n1");
        for (String[] line :
                new String[][] {
                    {"deploy d --image=wayside.dev/host --replicas=0", "deployment.apps/d"},
                    {"cm c --from-literal=a=b", "configmap/c"},
                    {
                        "secret docker-registry reg --docker-server=x --docker-username=u"
                                + " --docker-password=p",
                        "secret/reg"
                    },
                    {"sa robot", "serviceaccount/robot"},
                    {"role r --verb=get --resource=pods", "role.rbac.authorization.k8s.io/r"},
                    {"rolebinding b --role=r --user=x", "rolebinding.rbac.authorization.k8s.io/b"},
                    {
                        "clusterrole surface --verb=get --non-resource-url=/x",
                        "clusterrole.rbac.authorization.k8s.io/surface"
                    },
                    {
                        "clusterrolebinding surface --clusterrole=surface --group=g",
                        "clusterrolebinding.rbac.authorization.k8s.io/surface"
                    },
                    {"svc clusterip s1 --tcp=80:8080", "service/s1"},
                    {"svc nodeport s2 --tcp=80", "service/s2"},
                    {"svc externalname s3 --external-name=x.example", "service/s3"},
                    {"svc loadbalancer s4 --tcp=80", "service/s4"},
                }) {
            assertThat(kubectl.ok("-n n1 create " + line[0])).isEqualTo(line[1] + " created\n");
        }
        assertThat(kubectl.ok("get svc -n n1"))
                .containsPattern("s1 +ClusterIP +10\\.96\\.\\S+ +<none> +80/TCP")
                .containsPattern("s2 +NodePort +10\\.96\\.\\S+ +<none> +80:3\\d{4}/TCP")
                .containsPattern("s3 +ExternalName +<none> +x.example +<none>")
                .containsPattern("s4 +LoadBalancer +10\\.96\\.\\S+ +<pending> +80:3\\d{4}/TCP");
        assertThat(kubectl.ok("describe rolebinding b -n n1")).containsPattern("Name: +r\n");
        assertThat(kubectl.refused("create ns n1"))
                .contains("Error from server (AlreadyExists): namespaces \"n1\" already exists");
        assertThat(kubectl.ok("delete ns n1"))
                .startsWith("Warning: Namespace n1: 1 ConfigMap, 1 Deployment, ")
                .endsWith(" will be deleted with it\nnamespace \"n1\" deleted\n");
        assertThat(kubectl.refused("create cm c -n n1")).contains("namespaces \"n1\" not found");

        assertThat(
                        kubectl.ok(
                                "run p --image=wayside.dev/host --port=8080 --env=A=b --command --"
                                        + " sleep 1000"))
                .isEqualTo("pod/p created\n");
        assertThat(kubectl.ok("expose pod p --port=80 --target-port=8080"))
                .isEqualTo("service/p exposed\n");
        assertThat(kubectl.ok("expose deploy app --name=app2 --port=80 --type=NodePort"))
                .isEqualTo("service/app2 exposed\n");
        kubectl.ok("wait --for=condition=Ready pod/p --timeout=60s");
        assertThat(kubectl.ok("get endpoints p")).containsPattern("p +\\S+:8080 ");
    }

    @Test
    @Order(10)
    void deletesInItsWays() throws Exception {
        assertThat(kubectl.ok("delete svc p --dry-run=server"))
                .isEqualTo("service \"p\" deleted from default namespace (server dry run)\n");
        assertThat(kubectl.ok("get svc p -o name")).isEqualTo("service/p\n");
        assertThat(kubectl.ok("delete pod p --now")).contains("pod \"p\" deleted");
        kubectl.ok("run q --image=wayside.dev/host --command -- sleep 1000");
        assertThat(kubectl.ok("delete pod q --force"))
                .contains("Warning: Immediate deletion does not wait for confirmation")
                .contains("pod \"q\" force deleted");
        assertThat(kubectl.refused("delete cm nosuch"))
                .isEqualTo("Error from server (NotFound): configmaps \"nosuch\" not found\n");
        kubectl.ok("delete cm nosuch --ignore-not-found");
        assertThat(kubectl.ok("delete deploy app --cascade=orphan"))
                .contains("deployment.apps \"app\" deleted");
        List<KubeObject> left = kubectl.wayside().get("rs", "-l", "app=app");
        assertThat(left).isNotEmpty();
        assertThat(left).allMatch(rs -> rs.metadata().array("ownerReferences").isEmpty());
        kubectl.ok("delete rs -l app=app --cascade=foreground --timeout=60s");
        assertThat(kubectl.ok("get pods -l app=app -o name")).isEmpty();
        assertThat(kubectl.ok("delete all --all")).contains("service \"app\" deleted");
        assertThat(kubectl.ok("get all")).isEqualTo("No resources found in default namespace.\n");
    }

    @Test
    @Order(11)
    void appliesFoldersAndTakesAwayWhatIsNoLongerThere() throws Exception {
        kubectl.file(
                "k/cm.yaml",
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: b}}");
        String folder =
                Path.of(
                                kubectl.file(
                                        "k/kustomization.yaml",
                                        """
                                        namePrefix: k-
                                        resources: [cm.yaml]
                                        configMapGenerator: [{name: made, literals: [a=b]}]
                                        """))
                        .getParent()
                        .toString();
        assertThat(kubectl.ok("apply -k " + folder))
                .contains("configmap/k-one created")
                .containsPattern("configmap/k-made-\\w+ created");
        assertThat(kubectl.ok("diff -k " + folder)).isEmpty();
        assertThat(kubectl.ok("delete -k " + folder).lines()).hasSize(2);

        String maps =
                """
                {apiVersion: v1, kind: ConfigMap, metadata: {name: p1, labels: {set: p}}}
                ---
                {apiVersion: v1, kind: ConfigMap, metadata: {name: p2, labels: {set: p}}}
                """;
        String both = kubectl.file("both.yaml", maps);
        String first = kubectl.file("first.yaml", maps.substring(0, maps.indexOf("---")));
        kubectl.ok("apply -f " + both);
        assertThat(
                        kubectl.ok(
                                "apply -f "
                                        + first
                                        + " --prune -l set=p --prune-allowlist=core/v1/ConfigMap"))
                .isEqualTo("configmap/p1 unchanged\nconfigmap/p2 pruned\n");
        for (String file : List.of(both, first)) {
            Command.Result set =
                    kubectl.wayside()
                            .kubectlWith(
                                    java.util.Map.of("KUBECTL_APPLYSET", "true"),
                                    "apply",
                                    "-n",
                                    "default",
                                    "--prune",
                                    "--applyset=mine",
                                    "-f",
                                    file);
            assertThat(set.ok()).contains(file.equals(both) ? "p2 created" : "configmap/p2 pruned");
        }
        assertThat(kubectl.ok("get cm -l set=p -o name")).isEqualTo("configmap/p1\n");
    }

    @Test
    @Order(12)
    void badGridsAreRefusedInEveryMode() throws Exception {
        String unknown =
                kubectl.file(
                        "unknown.yaml",
                        Manifests.grid("bad", "site", 0, "x")
                                .replace("gridUniqKey:", "colour: red\n  gridUniqKey:"));
        assertThat(kubectl.refused("apply -f " + unknown))
                .contains("Error from server (BadRequest)")
                .contains("strict decoding error: unknown field \"spec.colour\"");
        assertThat(kubectl.ok("apply --validate=warn -f " + unknown))
                .contains("Warning: unknown field \"spec.colour\"")
                .contains("deploymentgrid.superedge.io/bad created");
        assertThat(kubectl.ok("delete dg bad")).contains("\"bad\" deleted");
        String empty =
                kubectl.file(
                        "empty.yaml",
                        "{apiVersion: superedge.io/v1, kind: DeploymentGrid, metadata: {name: bad},"
                                + " spec: {gridUniqKey: site}}");
        assertThat(kubectl.refused("apply -f " + empty))
                .contains("The DeploymentGrid \"bad\" is invalid:")
                .contains("* spec.template.selector: Required value");
    }

    @Test
    @Order(13)
    void servicesMoveToAnotherRangeWithNewOnes() throws Exception {
        Installation wayside = kubectl.wayside();
        kubectl.ok("create svc clusterip old --tcp=80");
        String address = address("old");
        Command.Result busy =
                wayside.wayside("up", "--gateways", "1", "--service-cidr", "172.30.0.0/28");
        assertThat(busy.status()).isNotZero();
        assertThat(busy.output())
                .contains("the connector runs already, with another --service-cidr");
        wayside.cutConnector();
        for (String[] wrong :
                new String[][] {
                    {"10.96.0.5/16", "did you mean 10.96.0.0/16?"},
                    {"10.96.0.0/30", "is no network of IPv4 from /12 to /28"},
                    {"10.244.8.0/24", "--cluster-cidr 10.244.0.0/16 overlap"}
                }) {
            Command.Result result =
                    wayside.wayside("up", "--gateways", "1", "--service-cidr", wrong[0]);
            assertThat(result.status()).isNotZero();
            assertThat(result.output()).contains(wrong[1]);
        }
        wayside.wayside("up", "--gateways", "1", "--service-cidr", "172.30.0.0/28").ok();
        assertThat(address("old")).isEqualTo(address);
        kubectl.ok("label svc old kept=yes");
        for (int i = 0; i < 14; i++) {
            kubectl.ok("create svc clusterip s" + i + " --tcp=80");
        }
        assertThat(address("s13")).startsWith("172.30.0.");
        assertThat(kubectl.refused("create svc clusterip more --tcp=80"))
                .contains("failed to allocate a serviceIP: the range 172.30.0.0/28 is full");
        // It is remembered.
        wayside.cutConnector();
        wayside.up(1, 1);
        kubectl.ok("delete svc s3");
        kubectl.ok("create svc clusterip more --tcp=80");
        assertThat(address("more")).startsWith("172.30.0.");
        assertThat(Files.readString(wayside.data().resolve("connector/log/connector.log")))
                .contains(
                        "keep an address outside of --service-cidr 172.30.0.0/28: 1, default/old");
    }
}
