// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.Eventually;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kubectl 1.20: it asks each group for itself, sends JSON, and validates and explains from
 * OpenAPI v2.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OldKubectlIT {
    private static final String DEPLOYMENT =
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: NAME, labels: {app: NAME}}
            spec:
              replicas: 0
              selector: {matchLabels: {app: NAME}}
              template:
                metadata: {labels: {app: NAME}}
                spec:
                  containers: [{name: c, image: "x:1"}]
            """;
    private static final String DEFINITION =
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: signs.shop.example.com}
            spec:
              group: shop.example.com
              scope: Namespaced
              names: {plural: signs, singular: sign, kind: Sign}
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec:
                          type: object
                          required: [text]
                          properties:
                            text: {type: string, description: What it says}
                            port: {x-kubernetes-int-or-string: true}
            """;
    private static final String SIGN =
            "{apiVersion: shop.example.com/v1, kind: Sign, metadata: {name: s}, spec: {text: a,"
                    + " port: 80}}";

    @TempDir private static Path folder;
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(1, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private static String kubectl() {
        String bin = System.getenv("WAYSIDE_KUBECTL120");
        return bin != null
                ? bin
                : Installation.ROOT.resolve(".wayside/tools/kubectl-1.20").toString();
    }

    private Command.Result run(Map<String, String> environment, String... words) throws Exception {
        List<String> all = new ArrayList<>();
        all.add(kubectl());
        all.add("--kubeconfig=" + wayside.data().resolve("kubeconfig"));
        all.add("--cache-dir=" + folder.resolve("cache"));
        all.addAll(List.of(words));
        return Command.run(Duration.ofMinutes(2), environment, all);
    }

    /** What it prints when it succeeds. The line is split at blanks. */
    private String ok(String line) throws Exception {
        return run(Map.of(), line.split(" ")).ok();
    }

    /** What it prints when it fails. */
    private String no(String line) throws Exception {
        Command.Result result = run(Map.of(), line.split(" "));
        assertThat(result.status()).as(line + "\n" + result.output()).isNotZero();
        return result.output();
    }

    private static Path file(String name, String text) throws Exception {
        // What begins with a brace is JSON for it, whatever the file is called.
        return Files.writeString(folder.resolve(name + ".yaml"), "---\n" + text);
    }

    @Test
    void applyValidatesAndChanges() throws Exception {
        String manifest = DEPLOYMENT.replace("NAME", "applied");
        Path good = file("applied", manifest);
        Path bad = file("applied-bad", manifest.replace("image:", "imagee:"));
        assertThat(no("apply -f " + bad))
                .contains("ValidationError")
                .contains("unknown field \"imagee\" in io.k8s.api.core.v1.Container");
        assertThat(ok("apply -f " + good)).contains("created");
        assertThat(ok("apply -f " + good)).contains("unchanged");
        Path changed = file("applied-2", manifest.replace("x:1", "x:2"));
        assertThat(no("diff -f " + changed)).contains("+      - image: x:2");
        assertThat(ok("apply --dry-run=server -f " + changed)).contains("configured");
        assertThat(ok("apply -f " + changed)).contains("configured");
        assertThat(ok("get deploy applied -o jsonpath={..image}")).isEqualTo("x:2");
        Path mine = file("applied-3", manifest.replace("x:1", "x:3"));
        assertThat(no("apply --server-side --field-manager=me -f " + mine)).contains("conflict");
        assertThat(ok("apply --server-side --field-manager=me --force-conflicts -f " + mine))
                .contains("serverside-applied");
        assertThat(ok("replace -f " + good)).contains("replaced");
        assertThat(ok("delete deploy applied --wait")).contains("deleted");
    }

    @Test
    void explainKnowsKindsOfItsOwnAndOfYours() throws Exception {
        assertThat(ok("explain deployment.spec.template.spec.containers"))
                .contains("RESOURCE: containers <[]Object>")
                .contains("imagePullPolicy\t<string>");
        assertThat(ok("explain deploymentgrid.spec"))
                .contains("VERSION:  superedge.io/v1")
                .contains("gridUniqKey\t<string>");
        assertThat(ok("apply -f " + file("definition", DEFINITION))).contains("created");
        assertThat(ok("wait --for=condition=established crd/signs.shop.example.com"))
                .contains("condition met");
        assertThat(ok("explain sign.spec")).contains("text\t<string> -required-");
        assertThat(ok("apply -f " + file("sign", SIGN))).contains("created");
        assertThat(no("apply -f " + file("sign-bad", SIGN.replace("text:", "texts:"))))
                .contains("unknown field \"texts\"")
                .contains("missing required field \"text\"");
        assertThat(ok("apply -f " + file("sign-2", SIGN.replace("text: a", "text: b"))))
                .contains("configured");
        assertThat(ok("get signs -o jsonpath={..text}")).isEqualTo("b");
        assertThat(ok("delete crd signs.shop.example.com")).contains("deleted");
    }

    @Test
    void aDeploymentIsRolledScaledEditedAndPatched() throws Exception {
        ok("create deployment web --image=x:1 --replicas=0");
        assertThat(ok("rollout status deploy/web --timeout=60s")).contains("successfully");
        ok("set image deploy/web x=x:2");
        ok("rollout status deploy/web --timeout=60s");
        assertThat(ok("rollout history deploy/web")).contains("1 ").contains("2 ");
        assertThat(ok("rollout undo deploy/web")).contains("rolled back");
        assertThat(ok("get deploy web -o jsonpath={..image}")).isEqualTo("x:1");
        for (String verb : List.of("restart", "pause", "resume")) {
            assertThat(ok("rollout " + verb + " deploy/web")).startsWith("deployment.apps/web ");
        }
        assertThat(ok("scale deploy web --replicas=1")).contains("scaled");
        assertThat(ok("get deploy web -o jsonpath={.spec.replicas}")).isEqualTo("1");
        assertThat(
                        run(
                                        Map.of(
                                                "KUBE_EDITOR",
                                                "sed -i s/replicas:.1/replicas:\\ 0/"),
                                        "edit",
                                        "deploy",
                                        "web")
                                .ok())
                .contains("edited");
        assertThat(ok("get deploy web -o jsonpath={.spec.replicas}")).isEqualTo("0");
        ok("patch deploy web -p {\"spec\":{\"revisionHistoryLimit\":3}}");
        ok("patch deploy web --type=merge -p {\"spec\":{\"minReadySeconds\":1}}");
        ok(
                "patch deploy web --type=json -p"
                        + " [{\"op\":\"test\",\"path\":\"/spec/minReadySeconds\",\"value\":1}]");
        ok("label deploy web tier=front");
        ok("annotate deploy web note=x");
        assertThat(ok("get deploy -l tier=front -o name")).isEqualTo("deployment.apps/web\n");
        assertThat(ok("describe deploy web")).contains("Replicas:").contains("tier=front");
        assertThat(ok("expose deploy web --port=80")).contains("exposed");
        assertThat(ok("get deploy,rs,svc -o wide")).contains("SELECTOR").contains("service/web");
        ok("delete deploy,svc web --wait");
        assertThat(ok("get deploy web --ignore-not-found")).isEmpty();
    }

    @Test
    void itCreatesInJsonAndAsksWhatItMay() throws Exception {
        for (String made :
                List.of(
                        "namespace old",
                        "configmap c -n old --from-literal=a=b",
                        "secret generic s -n old --from-literal=a=b",
                        "serviceaccount bot -n old",
                        "role r -n old --verb=get --resource=pods",
                        "rolebinding b -n old --role=r --user=jane",
                        "service clusterip svc -n old --tcp=80:80")) {
            assertThat(ok("create " + made)).as(made).contains("created");
        }
        assertThat(ok("auth can-i get pods -n old --as=jane")).isEqualTo("yes\n");
        assertThat(no("auth can-i delete pods -n old --as=jane")).contains("no");
        assertThat(ok("auth can-i --list -n old --as=jane")).contains("pods");
        assertThat(ok("get configmap c -n old -o jsonpath={.data.a}")).isEqualTo("b");
        assertThat(ok("delete namespace old --wait")).contains("deleted");
    }

    @Test
    void discoveryIsAskedGroupByGroup() throws Exception {
        assertThat(ok("version")).contains("GitVersion:\"v1.20.2\"");
        assertThat(ok("cluster-info")).contains("is running at");
        assertThat(ok("api-versions")).contains("apps/v1\n", "superedge.io/v1\n");
        assertThat(ok("api-resources -o wide"))
                .containsPattern("deploymentgrids +dg +superedge.io/v1 +true +DeploymentGrid");
    }

    @Test
    void nodesAreTaintedAndCordonedAndPodsRun() throws Exception {
        assertThat(ok("taint node gw-1 k=v:NoExecute")).contains("tainted");
        assertThat(ok("taint node gw-1 k-")).contains("untainted");
        assertThat(ok("cordon gw-1")).contains("cordoned");
        assertThat(ok("uncordon gw-1")).contains("uncordoned");
        assertThat(ok("describe node gw-1")).contains("Unschedulable:      false");
        Path pod =
                file(
                        "pod",
                        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers:"
                            + " [{name: c, image: wayside.dev/host, command: [sleep, '1000']}]}}");
        ok("create -f " + pod);
        assertThat(ok("wait --for=condition=Ready pod/p --timeout=60s")).contains("condition met");
        assertThat(ok("get pod p")).contains("1/1").contains("Running");
        assertThat(ok("describe pod p")).contains("Node:").contains("gw-1");
        Process watch = watchPods();
        try {
            assertThat(ok("delete pod p --wait")).contains("deleted");
        } finally {
            watch.destroy();
        }
        assertThat(ok("get events")).contains("pod/p");
    }

    /** {@code get -w}, once it shows the pod. */
    private Process watchPods() throws Exception {
        Path output = folder.resolve("watch.txt");
        Process watch =
                new ProcessBuilder(
                                kubectl(),
                                "--kubeconfig=" + wayside.data().resolve("kubeconfig"),
                                "get",
                                "pods",
                                "-w")
                        .redirectOutput(output.toFile())
                        .start();
        Eventually.see(
                "the watch shows the pod",
                Duration.ofSeconds(30),
                () -> Files.readString(output),
                text -> text.contains("Running"));
        return watch;
    }

    @Test
    void aCertificateIsApproved() throws Exception {
        String pem = CertificateRequest.pem(EcKeys.generate(), "jane", "people");
        String request =
                Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
        for (String name : List.of("jane", "joe")) {
            ok(
                    "create -f "
                            + file(
                                    "request-" + name,
                                    "{apiVersion: certificates.k8s.io/v1, kind:"
                                            + " CertificateSigningRequest, metadata: {name: "
                                            + name
                                            + "}, spec: {signerName:"
                                            + " kubernetes.io/kube-apiserver-client, usages:"
                                            + " [client auth], request: "
                                            + request
                                            + "}}"));
        }
        assertThat(ok("certificate approve jane")).contains("approved");
        assertThat(ok("certificate deny joe")).contains("denied");
        Eventually.see(
                "the certificate is issued",
                Duration.ofSeconds(30),
                () -> ok("get csr"),
                text -> text.contains("Approved,Issued") && text.contains("Denied"));
    }
}
