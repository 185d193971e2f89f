// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Message;
import dev.wayside.connector.schema.TypeTable.Field;
import dev.wayside.connector.schema.TypeTable.StructType;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import io.kubernetes.client.proto.IntStr.IntOrString;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Resource.Quantity;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1beta1Apiextensions.CustomResourceDefinition;
import io.kubernetes.client.proto.V1beta1Apiextensions.CustomResourceDefinitionSpec;
import io.kubernetes.client.proto.V1beta1Apiextensions.CustomResourceDefinitionVersion;
import io.kubernetes.client.proto.V1beta1Apiextensions.CustomResourceValidation;
import io.kubernetes.client.proto.V1beta1Apiextensions.JSON;
import io.kubernetes.client.proto.V1beta1Apiextensions.JSONSchemaProps;
import io.kubernetes.client.proto.V1beta1Apiextensions.JSONSchemaPropsOrArray;
import io.kubernetes.client.proto.V1beta1Apiextensions.JSONSchemaPropsOrBool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies that another implementation encodes. */
final class ProtobufObjectsTest {
    private final ProtobufObjects objects = new ProtobufObjects();

    private static byte[] body(String apiVersion, String kind, Message message) {
        return envelope(apiVersion, kind, message.toByteString(), "");
    }

    private static byte[] envelope(
            String apiVersion, String kind, ByteString raw, String contentEncoding) {
        Runtime.Unknown unknown =
                Runtime.Unknown.newBuilder()
                        .setTypeMeta(
                                Runtime.TypeMeta.newBuilder()
                                        .setApiVersion(apiVersion)
                                        .setKind(kind))
                        .setRaw(raw)
                        .setContentEncoding(contentEncoding)
                        .setContentType("")
                        .build();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {'k', '8', 's', 0});
        out.writeBytes(unknown.toByteArray());
        return out.toByteArray();
    }

    private static JsonObject json(String text) throws Exception {
        return (JsonObject) Json.parse(text);
    }

    /** What Go's encoder always writes: the zero of every field that is no pointer. */
    private static Meta.ObjectMeta.Builder meta(String name) {
        return Meta.ObjectMeta.newBuilder()
                .setName(name)
                .setGenerateName("")
                .setNamespace("")
                .setSelfLink("")
                .setUid("")
                .setResourceVersion("")
                .setGeneration(0)
                .setCreationTimestamp(Meta.Time.getDefaultInstance());
    }

    @Test
    void readsADefinitionWithItsSchema() throws Exception {
        // v1 has the fields of v1beta1's schemas, under the same numbers.
        JSONSchemaProps text = JSONSchemaProps.newBuilder().setType("string").build();
        JSONSchemaProps rate =
                JSONSchemaProps.newBuilder()
                        .setType("number")
                        .setMinimum(0)
                        .setMaximum(100)
                        .setMultipleOf(0.25)
                        .setExclusiveMaximum(false)
                        .setNullable(true)
                        .setDefault(raw("0"))
                        .addEnum(raw("0"))
                        .addEnum(raw("2.5"))
                        .build();
        JSONSchemaProps root =
                JSONSchemaProps.newBuilder()
                        .setType("object")
                        .putProperties("rate", rate)
                        .putProperties(
                                "list",
                                JSONSchemaProps.newBuilder()
                                        .setType("array")
                                        .setItems(
                                                JSONSchemaPropsOrArray.newBuilder().setSchema(text))
                                        .setXKubernetesListType("set")
                                        .build())
                        .putProperties(
                                "map",
                                JSONSchemaProps.newBuilder()
                                        .setType("object")
                                        .setAdditionalProperties(
                                                JSONSchemaPropsOrBool.newBuilder()
                                                        .setAllows(true)
                                                        .setSchema(text))
                                        .build())
                        .putProperties(
                                "open",
                                JSONSchemaProps.newBuilder()
                                        .setAdditionalProperties(
                                                JSONSchemaPropsOrBool.newBuilder().setAllows(true))
                                        .build())
                        .build();
        CustomResourceDefinition definition =
                CustomResourceDefinition.newBuilder()
                        .setMetadata(meta("pumps.example.com"))
                        .setSpec(
                                CustomResourceDefinitionSpec.newBuilder()
                                        .setGroup("example.com")
                                        .setScope("Namespaced")
                                        .addVersions(
                                                CustomResourceDefinitionVersion.newBuilder()
                                                        .setName("v1")
                                                        .setServed(true)
                                                        .setStorage(true)
                                                        .setSchema(
                                                                CustomResourceValidation
                                                                        .newBuilder()
                                                                        .setOpenAPIV3Schema(root))))
                        .build();
        JsonObject read =
                objects.read(
                        body("apiextensions.k8s.io/v1", "CustomResourceDefinition", definition));
        JsonObject version = read.object("spec").array("versions").objects().get(0);
        assertThat(version.flag("served")).isTrue();
        assertThat(version.object("schema", "openAPIV3Schema"))
                .isEqualTo(
                        json(
                                """
                                {"type": "object", "properties": {
                                  "rate": {"type": "number", "minimum": 0, "maximum": 100,
                                    "multipleOf": 0.25, "nullable": true, "default": 0,
                                    "enum": [0, 2.5]},
                                  "list": {"type": "array", "items": {"type": "string"},
                                    "x-kubernetes-list-type": "set"},
                                  "map": {"type": "object",
                                    "additionalProperties": {"type": "string"}},
                                  "open": {"additionalProperties": true}}}
                                """));
        assertThat(version.toJson()).contains("\"maximum\":100,");
    }

    private static JSON raw(String json) {
        return JSON.newBuilder().setRaw(ByteString.copyFromUtf8(json)).build();
    }

    @Test
    void readsADeployment() throws Exception {
        V1.Container container =
                V1.Container.newBuilder()
                        .setName("main")
                        .setImage("x:1")
                        .setWorkingDir("")
                        .addCommand("sh")
                        .addCommand("")
                        .addEnv(V1.EnvVar.newBuilder().setName("EMPTY").setValue(""))
                        .addPorts(
                                V1.ContainerPort.newBuilder()
                                        .setName("")
                                        .setHostPort(0)
                                        .setContainerPort(8080))
                        .setResources(
                                V1.ResourceRequirements.newBuilder()
                                        .putLimits("cpu", quantity("500m"))
                                        .putLimits("memory", quantity("64Mi")))
                        .setReadinessProbe(
                                V1.Probe.newBuilder()
                                        .setHandler(
                                                V1.ProbeHandler.newBuilder()
                                                        .setHttpGet(
                                                                V1.HTTPGetAction.newBuilder()
                                                                        .setPath("/")
                                                                        .setPort(
                                                                                IntOrString
                                                                                        .newBuilder()
                                                                                        .setType(1)
                                                                                        .setStrVal(
                                                                                                "web"))))
                                        .setPeriodSeconds(3))
                        .setStdin(false)
                        .setTty(true)
                        .build();
        V1Apps.Deployment deployment =
                V1Apps.Deployment.newBuilder()
                        .setMetadata(
                                meta("web").putLabels("app", "web").putAnnotations("empty", ""))
                        .setSpec(
                                V1Apps.DeploymentSpec.newBuilder()
                                        .setReplicas(0)
                                        .setStrategy(
                                                V1Apps.DeploymentStrategy.newBuilder()
                                                        .setType("RollingUpdate")
                                                        .setRollingUpdate(
                                                                V1Apps.RollingUpdateDeployment
                                                                        .newBuilder()
                                                                        .setMaxSurge(
                                                                                IntOrString
                                                                                        .newBuilder()
                                                                                        .setType(0)
                                                                                        .setIntVal(
                                                                                                2))))
                                        .setTemplate(
                                                V1.PodTemplateSpec.newBuilder()
                                                        .setSpec(
                                                                V1.PodSpec.newBuilder()
                                                                        .addContainers(container)
                                                                        .setTerminationGracePeriodSeconds(
                                                                                0)
                                                                        .setRestartPolicy(""))))
                        .build();

        assertThat(objects.read(body("apps/v1", "Deployment", deployment)))
                .isEqualTo(
                        json(
                                """
                                {"apiVersion": "apps/v1", "kind": "Deployment",
                                 "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"empty": ""}},
                                 "spec": {"replicas": 0,
                                  "template": {"spec": {
                                    "containers": [{"name": "main", "image": "x:1", "command": ["sh", ""],
                                      "ports": [{"containerPort": 8080}],
                                      "env": [{"name": "EMPTY"}],
                                      "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}},
                                      "readinessProbe": {"httpGet": {"path": "/", "port": "web"}, "periodSeconds": 3},
                                      "tty": true}],
                                    "terminationGracePeriodSeconds": 0}},
                                  "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2}}}}
                                """));
    }

    private static Quantity quantity(String text) {
        return Quantity.newBuilder().setString(text).build();
    }

    @Test
    void readsBytesAndTimes() throws Exception {
        V1.Secret secret =
                V1.Secret.newBuilder()
                        .setMetadata(meta("s"))
                        .putData("key", ByteString.copyFrom(new byte[] {0, (byte) 255}))
                        .putData("none", ByteString.EMPTY)
                        .setType("Opaque")
                        .build();
        assertThat(objects.read(body("v1", "Secret", secret)))
                .isEqualTo(
                        json(
                                """
                                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
                                 "data": {"key": "AP8=", "none": ""}, "type": "Opaque"}
                                """));
        V1.Event event =
                V1.Event.newBuilder()
                        .setMetadata(meta("e"))
                        .setFirstTimestamp(
                                Meta.Time.newBuilder().setSeconds(1_700_000_000).setNanos(5))
                        .setEventTime(
                                Meta.MicroTime.newBuilder()
                                        .setSeconds(1_700_000_000)
                                        .setNanos(1_234_567))
                        .setCount(-1)
                        .build();
        assertThat(objects.read(body("v1", "Event", event)))
                .isEqualTo(
                        json(
                                """
                                {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"},
                                 "firstTimestamp": "2023-11-14T22:13:20Z", "count": -1,
                                 "eventTime": "2023-11-14T22:13:20.001234Z"}
                                """));
    }

    @Test
    void readsRawPartsListsInMapsAndOptions() throws Exception {
        V1Authorization.SelfSubjectAccessReview review =
                V1Authorization.SelfSubjectAccessReview.newBuilder()
                        .setSpec(
                                V1Authorization.SelfSubjectAccessReviewSpec.newBuilder()
                                        .setResourceAttributes(
                                                V1Authorization.ResourceAttributes.newBuilder()
                                                        .setVerb("list")
                                                        .setResource("pods")))
                        .build();
        assertThat(
                        objects.read(
                                        body(
                                                "authorization.k8s.io/v1",
                                                "SelfSubjectAccessReview",
                                                review))
                                .object("spec", "resourceAttributes"))
                .isEqualTo(json("{\"verb\": \"list\", \"resource\": \"pods\"}"));
        V1Authorization.SubjectAccessReviewSpec spec =
                V1Authorization.SubjectAccessReviewSpec.newBuilder()
                        .putExtra(
                                "scope",
                                V1Authorization.ExtraValue.newBuilder()
                                        .addItems("a")
                                        .addItems("b")
                                        .build())
                        .build();
        assertThat(
                        objects.read(
                                        body(
                                                "authorization.k8s.io/v1",
                                                "SubjectAccessReview",
                                                V1Authorization.SubjectAccessReview.newBuilder()
                                                        .setSpec(spec)
                                                        .build()))
                                .object("spec"))
                .isEqualTo(json("{\"extra\": {\"scope\": [\"a\", \"b\"]}}"));
        V1Apps.ControllerRevision revision =
                V1Apps.ControllerRevision.newBuilder()
                        .setData(
                                Runtime.RawExtension.newBuilder()
                                        .setRaw(ByteString.copyFromUtf8("{\"a\":[1,null]}")))
                        .setRevision(3)
                        .build();
        assertThat(objects.read(body("apps/v1", "ControllerRevision", revision)))
                .isEqualTo(
                        json(
                                """
                                {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": {"a": [1, null]}, "revision": 3}
                                """));
        Meta.DeleteOptions options =
                Meta.DeleteOptions.newBuilder()
                        .setPropagationPolicy("Background")
                        .setGracePeriodSeconds(0)
                        .build();
        for (String version : List.of("v1", "apps/v1", "meta.k8s.io/v1")) {
            assertThat(objects.read(body(version, "DeleteOptions", options)))
                    .isEqualTo(
                            JsonObject.of("apiVersion", version)
                                    .with("kind", "DeleteOptions")
                                    .with("gracePeriodSeconds", 0)
                                    .with("propagationPolicy", "Background"));
        }
    }

    @Test
    void refusesWhatItCannotRead() {
        byte[] namespace =
                body("v1", "Namespace", V1.Namespace.newBuilder().setMetadata(meta("n")).build());
        assertThatThrownBy(() -> objects.read("{\"kind\":\"Pod\"}".getBytes(UTF_8)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () ->
                                objects.read(
                                        body("example.com/v1", "Pod", V1.Pod.getDefaultInstance())))
                .hasMessageContaining("example.com/v1")
                .hasMessageContaining("JSON");
        assertThatThrownBy(() -> objects.read(envelope("v1", "Pod", ByteString.EMPTY, "gzip")))
                .hasMessageContaining("encoded");
        assertThatThrownBy(
                        () ->
                                objects.read(
                                        java.util.Arrays.copyOf(namespace, namespace.length - 1)))
                .hasMessageContaining("too early");
        assertThatThrownBy(() -> objects.read(new byte[4 << 20])).hasMessageContaining("larger");
    }

    @Test
    void neverFailsButByRefusal() throws IOException {
        V1.Pod pod =
                V1.Pod.newBuilder()
                        .setMetadata(meta("p").putLabels("a", "b"))
                        .setSpec(
                                V1.PodSpec.newBuilder()
                                        .addContainers(
                                                V1.Container.newBuilder()
                                                        .setName("c")
                                                        .setResources(
                                                                V1.ResourceRequirements.newBuilder()
                                                                        .putLimits(
                                                                                "cpu",
                                                                                quantity("1")))))
                        .build();
        byte[] whole = body("v1", "Pod", pod);
        Random random = new Random(3);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] damaged = whole.clone();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt(256);
            }
            try {
                objects.read(
                        java.util.Arrays.copyOf(damaged, 4 + random.nextInt(damaged.length - 3)));
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(10_000, 19_999);
    }

    /** Depth is bounded before the stack is. */
    @Test
    void refusesWhatIsNestedTooDeep() {
        // JSON schemas are the only types that hold themselves; a raw part may nest as well.
        String deep = "[".repeat(5_000) + "]".repeat(5_000);
        V1Apps.ControllerRevision revision =
                V1Apps.ControllerRevision.newBuilder()
                        .setData(
                                Runtime.RawExtension.newBuilder()
                                        .setRaw(ByteString.copyFromUtf8(deep)))
                        .build();
        assertThatThrownBy(() -> objects.read(body("apps/v1", "ControllerRevision", revision)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Names and numbers of every field that both know. */
    @Test
    void theTableAgreesWithTheOtherImplementation() {
        TypeTable table = TypeTable.load();
        Map<String, FileDescriptor> files =
                Map.of(
                        "core/v1", V1.getDescriptor(),
                        "apps/v1", V1Apps.getDescriptor(),
                        "batch/v1", V1Batch.getDescriptor(),
                        "rbac/v1", V1Rbac.getDescriptor(),
                        "policy/v1", V1Policy.getDescriptor(),
                        "networking/v1", V1Networking.getDescriptor(),
                        "authentication/v1", V1Authentication.getDescriptor(),
                        "authorization/v1", V1Authorization.getDescriptor(),
                        "meta/v1", Meta.getDescriptor());
        List<String> differences = new ArrayList<>();
        int[] compared = {0};
        files.forEach(
                (pack, file) ->
                        file.getMessageTypes()
                                .forEach(
                                        type ->
                                                table.find(pack + "." + type.getName())
                                                        .ifPresent(
                                                                known ->
                                                                        compared[0] +=
                                                                                compare(
                                                                                        known,
                                                                                        type,
                                                                                        differences))));
        assertThat(differences).isEmpty();
        assertThat(compared[0]).isGreaterThan(1_000);
    }

    private static int compare(StructType known, Descriptor other, List<String> differences) {
        int compared = 0;
        for (Field field : known.declared()) {
            FieldDescriptor there = other.findFieldByNumber(field.number());
            // Verbs are a message of their own; no body that is sent to us has them.
            boolean answered = known.name().equals("meta/v1.APIResource");
            if (there == null || field.name().isEmpty() || answered) {
                continue;
            }
            compared++;
            boolean list =
                    field.type() instanceof FieldType.ListOf
                            || field.type() instanceof FieldType.MapOf;
            if (!there.getName().equalsIgnoreCase(field.name()) || there.isRepeated() != list) {
                differences.add(known.name() + "." + field.name() + " / " + there.getFullName());
            }
        }
        return compared;
    }
}
