// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SupportTest {
    private static Optional<String> check(String driver, String spec) {
        return new Support(driver)
                .unsupported(
                        KubeObject.of(ResourceType.PODS, "default", "web")
                                .withSpec(TestGateway.parse(spec)));
    }

    @Test
    void whatAnApiServerFillsInIsNoObstacle() {
        assertThat(
                        check(
                                "docker",
                                """
                                {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                                 "serviceAccountName": "default", "serviceAccount": "default", "nodeName": "gateway-1",
                                 "securityContext": {}, "schedulerName": "default-scheduler", "priority": 0,
                                 "preemptionPolicy": "PreemptLowerPriority", "enableServiceLinks": true,
                                 "hostPID": false, "hostIPC": false, "imagePullSecrets": [], "initContainers": [
                                   {"name": "i", "image": "i:1"},
                                   {"name": "s", "image": "s:1", "restartPolicy": "Always",
                                    "startupProbe": {"exec": {"command": ["true"]}}}],
                                 "tolerations": [{"key": "x", "operator": "Exists"}],
                                 "containers": [{"name": "web", "image": "web:1", "imagePullPolicy": "IfNotPresent",
                                   "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                                   "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
                                   "ports": [{"containerPort": 80, "hostPort": 8080, "protocol": "TCP", "name": "http"}],
                                   "securityContext": {"runAsUser": 1000, "runAsGroup": 1000, "runAsNonRoot": true,
                                     "readOnlyRootFilesystem": true, "seccompProfile": {"type": "RuntimeDefault"}},
                                   "livenessProbe": {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP",
                                       "host": "h", "httpHeaders": [{"name": "A", "value": "b"}]},
                                     "initialDelaySeconds": 1, "timeoutSeconds": 1, "periodSeconds": 10,
                                     "successThreshold": 1, "failureThreshold": 3,
                                     "terminationGracePeriodSeconds": 5},
                                   "readinessProbe": {"tcpSocket": {"port": 80}},
                                   "startupProbe": {"grpc": {"port": 80, "service": ""}},
                                   "lifecycle": {"postStart": {"exec": {"command": ["true"]}},
                                     "preStop": {"sleep": {"seconds": 1}}},
                                   "volumeMounts": [{"name": "v", "mountPath": "/v", "mountPropagation": "None"}]}],
                                 "volumes": [{"name": "v", "projected": {"defaultMode": 420, "sources": [
                                   {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}]}\
                                """))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "spec.initContainers[0].livenessProbe | `\"initContainers\": [{\"name\": \"i\","
                        + " \"livenessProbe\": {\"tcpSocket\": {\"port\": 1}}}]`",
                "spec.initContainers[0].restartPolicy | `\"initContainers\": [{\"name\": \"i\","
                        + " \"restartPolicy\": \"OnFailure\"}]`",
                "spec.ephemeralContainers             | `\"ephemeralContainers\": [{\"name\":"
                        + " \"i\"}]`",
                "spec.hostPID                         | `\"hostPID\": true`",
                "spec.hostIPC                         | `\"hostIPC\": true`",
                "spec.hostUsers                       | `\"hostUsers\": false`",
                "spec.shareProcessNamespace           | `\"shareProcessNamespace\": true`",
                "spec.runtimeClassName                | `\"runtimeClassName\": \"kata\"`",
                "spec.imagePullSecrets                | `\"imagePullSecrets\": [{\"name\":"
                        + " \"s\"}]`",
                "spec.dnsPolicy None                  | `\"dnsPolicy\": \"None\"`",
                "spec.somethingNew                    | `\"somethingNew\": 1`",
                "spec.securityContext.fsGroup         | `\"securityContext\": {\"fsGroup\": 1}`",
                "spec.securityContext.sysctls         | `\"securityContext\": {\"sysctls\":"
                        + " [{\"name\": \"a\"}]}`",
                "spec.volumes[0].ephemeral            | `\"volumes\": [{\"name\": \"v\","
                        + " \"ephemeral\": {\"volumeClaimTemplate\": {\"spec\": {\"a\": 1}}}}]`",
                "spec.volumes[0].emptyDir.medium      | `\"volumes\": [{\"name\": \"v\","
                        + " \"emptyDir\": {\"medium\": \"Memory\"}}]`",
                "spec.volumes[0].name                 | `\"volumes\": [{\"name\": \"../v\","
                        + " \"emptyDir\": {}}]`",
                "spec.volumes[0].hostPath.type Odd    | `\"volumes\": [{\"name\": \"v\","
                        + " \"hostPath\": {\"path\": \"/\", \"type\": \"Odd\"}}]`",
            })
    void namesTheFieldOfThePod(String field, String json) {
        assertThat(check("docker", "{" + json + ", \"containers\": [{\"name\": \"web\"}]}"))
                .contains(field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "livenessProbe.odd   | `\"livenessProbe\": {\"odd\": {\"port\": 1}}`",
                "readinessProbe.httpGet.odd | `\"readinessProbe\": {\"httpGet\": {\"odd\": 1}}`",
                "startupProbe.sleep  | `\"startupProbe\": {\"sleep\": {\"seconds\": 1}}`",
                "lifecycle.stopSignal | `\"lifecycle\": {\"stopSignal\": \"SIGUSR1\"}`",
                "lifecycle.preStop.grpc | `\"lifecycle\": {\"preStop\": {\"grpc\": {\"port\":"
                        + " 1}}}`",
                "restartPolicy       | `\"restartPolicy\": \"Always\"`",
                "volumeDevices       | `\"volumeDevices\": [{\"name\": \"d\"}]`",
                "volumeMounts[0].subPath | `\"volumeMounts\": [{\"name\": \"v\", \"mountPath\":"
                        + " \"/v\", \"subPath\": \"a\"}]`",
                "securityContext.capabilities | `\"securityContext\": {\"capabilities\": {\"drop\":"
                        + " [\"ALL\"]}}`",
                "securityContext.allowPrivilegeEscalation | `\"securityContext\":"
                        + " {\"allowPrivilegeEscalation\": false}`",
                "securityContext.seccompProfile.type Localhost | `\"securityContext\":"
                        + " {\"seccompProfile\": {\"type\": \"Localhost\"}}`",
                "resources.limits.nvidia.com/gpu | `\"resources\": {\"limits\":"
                        + " {\"nvidia.com/gpu\": \"1\"}}`",
                "env[0].valueFrom.resourceFieldRef | `\"env\": [{\"name\": \"A\", \"valueFrom\":"
                        + " {\"resourceFieldRef\": {\"resource\": \"limits.cpu\"}}}]`",
                "env[0].valueFrom.fieldRef.fieldPath | `\"env\": [{\"name\": \"A\", \"valueFrom\":"
                        + " {\"fieldRef\": {\"fieldPath\": \"status.phase\"}}}]`",
                "securityContext.runAsNonRoot (without a runAsUser other than 0) |"
                        + " `\"securityContext\": {\"runAsNonRoot\": true}`",
                "securityContext.runAsGroup (without runAsUser) | `\"securityContext\":"
                        + " {\"runAsGroup\": 5}`",
            })
    void namesTheFieldOfTheContainer(String field, String json) {
        assertThat(check("docker", "{\"containers\": [{\"name\": \"a\"}, {" + json + "}]}"))
                .contains("spec.containers[1]." + field);
    }

    @Test
    void aDriverWithoutProfilesDoesNotPretend() {
        String spec =
                """
                {"containers": [{"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}]}\
                """;
        assertThat(check("docker", spec)).isEmpty();
        assertThat(check("process", spec)).isPresent();
    }
}
