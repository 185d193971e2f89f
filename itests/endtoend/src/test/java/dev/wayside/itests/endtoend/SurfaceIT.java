// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What kubectl shows of a cluster, as people know it: words, columns, exit codes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SurfaceIT {
    private Surface kubectl;

    @BeforeAll
    void up() throws Exception {
        kubectl = Surface.up();
        kubectl.wayside().apply(Surface.APP);
        assertThat(kubectl.ok("rollout status deploy/app --timeout=60s"))
                .contains("deployment \"app\" successfully rolled out");
    }

    @AfterAll
    void down() throws Exception {
        if (kubectl != null) {
            kubectl.close();
        }
    }

    @Test
    void theServerSaysWhatItIs() throws Exception {
        assertThat(kubectl.ok("version"))
                .containsPattern("Server Version: v1\\.35\\.\\d+\\+wayside")
                .doesNotContain("WARNING");
        assertThat(kubectl.ok("cluster-info"))
                .contains("Kubernetes control plane")
                .contains("is running at")
                .contains("https://127.0.0.1:" + kubectl.wayside().port());
        for (String probe : List.of("/readyz", "/livez", "/healthz")) {
            assertThat(kubectl.ok("get --raw " + probe)).isEqualTo("ok");
        }
        assertThat(kubectl.ok("config view")).contains("DATA+OMITTED").doesNotContain("PRIVATE");
    }

    @Test
    void theKindsAreListedInEveryForm() throws Exception {
        assertThat(kubectl.ok("api-resources"))
                .containsPattern("NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND")
                .containsPattern("pods +po +v1 +true +Pod")
                .containsPattern("deployments +deploy +apps/v1 +true +Deployment")
                .containsPattern("nodes +no +v1 +false +Node")
                .containsPattern("selfsubjectreviews +authentication.k8s.io/v1 +false")
                .containsPattern("deploymentgrids +dg +superedge.io/v1 +true +DeploymentGrid");
        assertThat(kubectl.ok("api-resources -o wide --api-group=apps"))
                .containsPattern("create,delete,deletecollection,get,list,patch,update,watch +all");
        assertThat(kubectl.ok("api-resources --verbs=list,get -o name"))
                .contains("deployments.apps", "pods\n")
                .doesNotContain("reviews");
        assertThat(kubectl.ok("api-resources --namespaced=false -o name"))
                .contains("namespaces", "certificatesigningrequests.certificates.k8s.io")
                .doesNotContain("pods");
        assertThat(kubectl.ok("api-resources --namespaced=true --no-headers --sort-by=kind"))
                .startsWith("configmaps");
        assertThat(kubectl.ok("api-resources --categories=all -o name").lines())
                .contains("deployments.apps", "pods", "services");
        assertThat(kubectl.ok("api-versions").lines())
                .contains("apps/v1", "rbac.authorization.k8s.io/v1", "superedge.io/v1", "v1");
        assertThat(kubectl.refused("get nosuch"))
                .contains("error: the server doesn't have a resource type \"nosuch\"");
    }

    @Test
    void kindsAreExplained() throws Exception {
        assertThat(kubectl.ok("explain deploymentgrid.spec"))
                .contains("GROUP:      superedge.io", "FIELD: spec <DeploymentGridSpec>")
                .contains("gridUniqKey\t<string>", "templatePool\t<map[string]DeploymentSpec>")
                .containsOnlyOnce("What should run on each site.");
        assertThat(kubectl.ok("explain deploy.spec --recursive"))
                .contains("selector\t<LabelSelector> -required-", "maxSurge\t<IntOrString>");
        assertThat(kubectl.ok("explain pod.spec.containers"))
                .contains("FIELD: containers <[]Container>", "imagePullPolicy\t<string>");
        assertThat(kubectl.ok("explain crd")).contains("CustomResourceDefinitionSpec");
        assertThat(kubectl.refused("explain pod.spec.nosuch"))
                .contains("error: field \"nosuch\" does not exist");
    }

    @Test
    void getShowsTheUsualColumns() throws Exception {
        assertThat(kubectl.ok("get nodes -o wide"))
                .containsPattern(
                        "NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE"
                                + " +KERNEL-VERSION +CONTAINER-RUNTIME")
                .containsPattern("gw-1 +Ready +<none> +\\d+[sm]\\S* +v1\\.35\\.0-wayside");
        assertThat(kubectl.ok("get pods -o wide"))
                .containsPattern(
                        "NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS"
                                + " GATES")
                .containsPattern(
                        "app-\\S+ +1/1 +Running +0 +\\d+[sm]\\S* +\\S+ +gw-1 +<none> +<none>");
        assertThat(kubectl.ok("get deploy,rs,svc,endpointslices -o wide"))
                .containsPattern(
                        "deployment.apps/app +2/2 +2 +2 +\\S+ +main +wayside.dev/host +app=app")
                .containsPattern("replicaset.apps/app-\\S+ +2 +2 +2 ")
                .containsPattern("service/app +ClusterIP +10\\.96\\.\\S+ +<none> +80/TCP")
                .containsPattern("endpointslice\\S+/app-\\S+ +IPv4 +8080 ");
        assertThat(kubectl.ok("get all -A"))
                .containsPattern("NAMESPACE +NAME +READY")
                .contains("deployment.apps/app", "service/app", "pod/app-");
        assertThat(kubectl.ok("get events"))
                .containsPattern("LAST SEEN +TYPE +REASON +OBJECT +MESSAGE")
                .containsPattern(
                        "Normal +ScalingReplicaSet +deployment/app +Scaled up replica set");
        assertThat(kubectl.ok("events --types=Normal"))
                .containsPattern("Normal +Scheduled +Pod/app-\\S+ +Successfully assigned");
        assertThat(kubectl.ok("get deploy app --subresource=scale"))
                .containsPattern("NAME +DESIRED +AVAILABLE +AGE\napp +2 +2 ");
        assertThat(kubectl.ok("get ns,sa,leases,csr -A"))
                .containsPattern("namespace/default +Active")
                .containsPattern("kube-node-lease +lease\\S+/gw-1 +gw-1")
                .containsPattern("kube-apiserver-client-kubelet +\\S+ +<none> +Approved,Issued");
    }

    @Test
    void getSelectsSortsAndPrints() throws Exception {
        List<String> names = kubectl.ok("get pods -o name").lines().toList();
        assertThat(names).hasSize(2).allMatch(name -> name.startsWith("pod/app-"));
        assertThat(kubectl.ok("get pods -l app=app,other!=x -o name").lines()).hasSize(2);
        assertThat(kubectl.ok("get pods -A --chunk-size=1 -o name").lines()).hasSize(2);
        assertThat(kubectl.ok("get pods -l", "app in (x, y)"))
                .isEqualTo("No resources found in default namespace.\n");
        assertThat(
                        kubectl.ok(
                                        "get pods -A"
                                            + " --field-selector=spec.nodeName=gw-1,status.phase=Running"
                                            + " -o name")
                                .lines())
                .hasSize(2);
        assertThat(kubectl.refused("get pods --field-selector=spec.image=x"))
                .contains(
                        "Error from server (BadRequest)", "field label not supported: spec.image");
        assertThat(kubectl.ok("get pods --show-labels -L app"))
                .containsPattern("AGE +APP +LABELS")
                .containsPattern(" app +app=app,pod-template-hash=");
        assertThat(kubectl.ok("get pods --sort-by=.metadata.name --no-headers").lines()).isSorted();
        assertThat(kubectl.ok("get pods -o custom-columns=N:.metadata.name,P:.status.phase"))
                .containsPattern("N +P\napp-\\S+ +Running");
        assertThat(kubectl.ok("get deploy app -o jsonpath={.spec.replicas}{.status.readyReplicas}"))
                .isEqualTo("22");
        assertThat(kubectl.ok("get deploy app -o go-template={{.metadata.name}}")).isEqualTo("app");
        assertThat(kubectl.ok("get deploy app -o yaml"))
                .contains("kind: Deployment", "maxSurge: 25%", "observedGeneration: 1")
                .doesNotContain("managedFields");
        assertThat(kubectl.ok("get deploy app -o json --show-managed-fields"))
                .contains("\"manager\": \"kubectl-client-side-apply\"");
        assertThat(kubectl.refused("get po/x deploy/y"))
                .contains("Error from server (NotFound): pods \"x\" not found")
                .contains("Error from server (NotFound): deployments.apps \"y\" not found");
        assertThat(kubectl.ok("get cm x --ignore-not-found")).isEmpty();
    }

    @Test
    void describeTellsTheStory() throws Exception {
        assertThat(kubectl.ok("describe node gw-1"))
                .contains("Lease:", "HolderIdentity:  gw-1", "GatewayReady", "PodCIDR:")
                .containsPattern("Non-terminated Pods: +\\(2 in total\\)")
                .containsPattern("default +app-\\S+ +10m \\(\\d+%\\) +0 \\(0%\\) +8Mi \\(\\d+%\\)");
        assertThat(kubectl.ok("describe pod -l app=app"))
                .containsPattern("Controlled By: +ReplicaSet/app-")
                .containsPattern("State: +Running")
                .containsPattern("QoS Class: +Burstable")
                .containsPattern(
                        "Normal +Scheduled +\\S+ +default-scheduler +Successfully assigned")
                .containsPattern("Normal +Started +\\S+ +\\S+ +Started container main");
        assertThat(kubectl.ok("describe deploy app"))
                .containsPattern("Replicas: +2 desired \\| 2 updated \\| 2 total \\| 2 available")
                .containsPattern("NewReplicaSet: +app-\\S+ \\(2/2 replicas created\\)");
        assertThat(kubectl.ok("describe svc app"))
                .containsPattern("TargetPort: +8080/TCP")
                .containsPattern("Endpoints: +\\S+:8080");
        assertThat(kubectl.ok("create secret generic hidden --from-literal=key=open-sesame"))
                .isEqualTo("secret/hidden created\n");
        assertThat(kubectl.ok("describe secret hidden"))
                .contains("key:  11 bytes")
                .doesNotContain("open-sesame");
        assertThat(kubectl.ok("describe ns default")).containsPattern("Status: +Active");
        assertThat(kubectl.ok("describe crd,csr")).contains("kube-apiserver-client-kubelet");
    }

    @Test
    void waitsForWhatWillBe() throws Exception {
        assertThat(kubectl.ok("wait --for=condition=Available deploy --all --timeout=30s"))
                .isEqualTo("deployment.apps/app condition met\n");
        Thread late =
                new Thread(
                        () -> {
                            try {
                                kubectl.ok("create cm late --from-literal=a=b");
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
        late.start();
        assertThat(kubectl.ok("wait --for=create cm/late --timeout=60s"))
                .contains("configmap/late condition met");
        late.join();
        assertThat(kubectl.ok("wait --for=jsonpath={.data.a}=b cm/late --timeout=10s"))
                .isEqualTo("configmap/late condition met\n");
        assertThat(kubectl.refused("wait --for=delete cm/late --timeout=1s"))
                .contains("timed out waiting for the condition on configmaps/late");
        kubectl.ok("delete cm late --wait=false");
        kubectl.ok("wait --for=delete cm/late --timeout=30s");
        assertThat(kubectl.ok("get cm late --ignore-not-found")).isEmpty();
    }

    @Test
    void watchesFollowWhatHappens() throws Exception {
        Path seen = kubectl.wayside().data().resolve("watch.txt");
        Process watch =
                new ProcessBuilder(
                                Installation.kubectl(),
                                "--kubeconfig=" + kubectl.wayside().data().resolve("kubeconfig"),
                                "get",
                                "cm",
                                "-l",
                                "watched=yes",
                                "-w",
                                "--output-watch-events")
                        .redirectErrorStream(true)
                        .redirectOutput(seen.toFile())
                        .start();
        try {
            kubectl.ok("create cm w --from-literal=a=b");
            kubectl.ok("label cm w watched=yes");
            awaitLine(seen, "ADDED +w +1 ");
            kubectl.ok("patch cm w --type=merge -p", "{\"data\":{\"c\":\"d\"}}");
            awaitLine(seen, "MODIFIED +w +2 ");
            kubectl.ok("label cm w watched-");
            awaitLine(seen, "DELETED +w +2 ");
            assertThat(Files.readString(seen)).containsPattern("EVENT +NAME +DATA +AGE");
        } finally {
            watch.destroy();
            watch.waitFor();
            kubectl.ok("delete cm w");
        }
    }

    private static void awaitLine(Path file, String pattern) throws Exception {
        Eventually.see(
                "a line like " + pattern,
                Duration.ofSeconds(30),
                () -> Files.readString(file),
                text -> text.lines().anyMatch(line -> line.matches(pattern + ".*")));
    }

    @Test
    void rightsAreAskedForAndGiven() throws Exception {
        assertThat(kubectl.ok("auth can-i get pods")).isEqualTo("yes\n");
        assertThat(kubectl.refused("auth can-i delete pods --as=jane")).isEqualTo("no\n");
        assertThat(kubectl.ok("auth can-i --list"))
                .containsPattern("Resources +Non-Resource URLs +Resource Names +Verbs")
                .containsPattern("\\*\\.\\* +\\[\\] +\\[\\] +\\[\\*\\]");
        assertThat(kubectl.ok("auth whoami"))
                .containsPattern("Groups +\\[system:masters system:authenticated\\]");
        kubectl.ok("create sa bot");
        assertThat(kubectl.ok("create token bot").strip().split("\\.")).hasSize(3);
        assertThat(kubectl.refused("create token nosuch"))
                .contains("failed to create token: serviceaccounts \"nosuch\" not found");
    }

    @Test
    void certificatesAreApprovedAndDenied() throws Exception {
        Path folder = Files.createDirectory(kubectl.wayside().data().resolve("csr"));
        Command.run(
                        Duration.ofMinutes(1),
                        java.util.Map.of(),
                        List.of(
                                "openssl",
                                "req",
                                "-new",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-subj",
                                "/O=dev/CN=zoe",
                                "-keyout",
                                folder.resolve("key").toString(),
                                "-out",
                                folder.resolve("csr").toString()))
                .ok();
        String request =
                Base64.getEncoder().encodeToString(Files.readAllBytes(folder.resolve("csr")));
        for (String name : List.of("zoe", "zed")) {
            kubectl.wayside()
                    .apply(
                            """
                            apiVersion: certificates.k8s.io/v1
                            kind: CertificateSigningRequest
                            metadata: {name: %s}
                            spec:
                              request: %s
                              signerName: kubernetes.io/kube-apiserver-client
                              usages: [client auth]
                              expirationSeconds: 3600
                            """
                                    .formatted(name, request));
        }
        assertThat(kubectl.ok("get csr zoe"))
                .containsPattern("kubernetes.io/kube-apiserver-client +admin +60m +Pending");
        assertThat(kubectl.ok("certificate approve zoe")).contains("/zoe approved");
        assertThat(kubectl.ok("certificate deny zed")).contains("/zed denied");
        assertThat(kubectl.refused("certificate approve zed")).contains("is already Denied");
        assertThat(kubectl.ok("get csr --no-headers"))
                .containsPattern("zed .* Denied\n")
                .containsPattern("zoe .* Approved,Issued\n");
        assertThat(kubectl.ok("describe csr zoe")).containsPattern("Common Name: +zoe");
        KubeObject issued = kubectl.wayside().get("csr", "zoe").get(0);
        Files.write(
                folder.resolve("crt"),
                Base64.getDecoder().decode(issued.status().text("certificate")));
        assertThat(
                        kubectl.ok(
                                "auth whoami --client-certificate="
                                        + folder.resolve("crt")
                                        + " --client-key="
                                        + folder.resolve("key")))
                .containsPattern("Username +zoe")
                .containsPattern("Groups +\\[dev system:authenticated\\]");
    }
}
