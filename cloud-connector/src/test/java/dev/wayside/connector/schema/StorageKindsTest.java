// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** PersistentVolumes, PersistentVolumeClaims and StorageClasses. */
class StorageKindsTest {
    private static final String SOUND_CLAIM =
            "{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}";
    private static final String SOUND_VOLUME =
            "{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],'local':{'path':'/d'},"
                    + "'nodeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpressions':"
                    + "[{'key':'kubernetes.io/hostname','operator':'In','values':['n']}]}]}}}";

    private static KubeObject claim(String spec) {
        return KubeObject.of(ResourceType.PERSISTENT_VOLUME_CLAIMS, "default", "c")
                .withSpec(Samples.json(spec));
    }

    private static KubeObject volume(String spec) {
        return KubeObject.of(ResourceType.PERSISTENT_VOLUMES, "", "v").withSpec(Samples.json(spec));
    }

    private static KubeObject withSpec(KubeObject object, String members) {
        return object.withSpec(object.spec().toBuilder().putAll(Samples.json(members)).build());
    }

    private static KubeObject storageClass(String members) {
        return new KubeObject(
                KubeObject.of(ResourceType.STORAGE_CLASSES, "", "s").json().toBuilder()
                        .putAll(Samples.json(members))
                        .build());
    }

    private static List<Json> cells(ResourceType type, KubeObject object) {
        KindDefinition kind = Samples.kind(type);
        return kind.cells(kind.withDefaults(object), Instant.EPOCH);
    }

    @Test
    void defaultsAreThoseOfKubernetes() {
        KubeObject claim =
                Samples.kind(ResourceType.PERSISTENT_VOLUME_CLAIMS)
                        .withDefaults(claim(SOUND_CLAIM));
        assertThat(claim.spec().text("volumeMode")).isEqualTo("Filesystem");
        assertThat(claim.status().text("phase")).isEqualTo("Pending");
        assertThat(claim.metadata().array("finalizers").strings())
                .containsExactly("kubernetes.io/pvc-protection");
        KubeObject volume =
                Samples.kind(ResourceType.PERSISTENT_VOLUMES).withDefaults(volume(SOUND_VOLUME));
        assertThat(volume.spec().text("volumeMode")).isEqualTo("Filesystem");
        assertThat(volume.spec().text("persistentVolumeReclaimPolicy")).isEqualTo("Retain");
        assertThat(volume.metadata().array("finalizers").strings())
                .containsExactly("kubernetes.io/pv-protection");
        JsonObject storageClass =
                Samples.kind(ResourceType.STORAGE_CLASSES)
                        .withDefaults(storageClass("{'provisioner':'a.b/c'}"))
                        .json();
        assertThat(storageClass.text("reclaimPolicy")).isEqualTo("Delete");
        assertThat(storageClass.text("volumeBindingMode")).isEqualTo("Immediate");
    }

    @Test
    void theProtectionDoesNotComeBackToWhatIsOnItsWayOut() {
        KubeObject ending =
                claim(SOUND_CLAIM)
                        .withMetadata("deletionTimestamp", Json.of("2026-01-01T00:00:00Z"));
        assertThat(
                        Samples.kind(ResourceType.PERSISTENT_VOLUME_CLAIMS)
                                .withDefaults(ending)
                                .metadata()
                                .array("finalizers"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{}|spec.accessModes: Required value: at least 1 access mode is required",
                "{'accessModes':['X']}|spec.accessModes: Unsupported value: \"X\": supported"
                        + " values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\","
                        + " \"ReadWriteOncePod\"",
                "{'accessModes':['ReadWriteOnce','ReadWriteOncePod']}|spec.accessModes: Forbidden:"
                        + " may not use ReadWriteOncePod with other access modes",
                "{}|spec.resources[storage]: Required value",
                "{'resources':{'requests':{'storage':'0'}}}|spec.resources[storage]: Invalid value:"
                        + " \"0\": must be greater than zero",
                "{'volumeMode':'x'}|spec.volumeMode: Unsupported value: \"x\": supported values:"
                        + " \"Block\", \"Filesystem\"",
            })
    void saysWhatIsWrongWithAClaim(String spec, String message) {
        assertThat(Samples.wrongWith(ResourceType.PERSISTENT_VOLUME_CLAIMS, claim(spec)))
                .contains(message);
    }

    @Test
    void soundObjectsHaveNothingWrong() {
        assertThat(Samples.wrongWith(ResourceType.PERSISTENT_VOLUME_CLAIMS, claim(SOUND_CLAIM)))
                .isEmpty();
        assertThat(Samples.wrongWith(ResourceType.PERSISTENT_VOLUMES, volume(SOUND_VOLUME)))
                .isEmpty();
        assertThat(
                        Samples.wrongWith(
                                ResourceType.STORAGE_CLASSES,
                                storageClass("{'provisioner':'a.b/c'}")))
                .isEmpty();
    }

    @Test
    void aClaimChangesOnlyByItsBinding() {
        KubeObject before = claim(SOUND_CLAIM);
        ResourceType claims = ResourceType.PERSISTENT_VOLUME_CLAIMS;
        for (String fine : List.of("{'volumeName':'v'}", "{'storageClassName':'late'}")) {
            assertThat(Samples.wrongWithChange(claims, before, withSpec(before, fine), ""))
                    .isEmpty();
        }
        String refusal =
                "spec: Forbidden: spec is immutable after creation except resources.requests and"
                        + " volumeAttributesClassName for bound claims";
        KubeObject named = withSpec(before, "{'volumeName':'v','storageClassName':'c'}");
        for (String wrong :
                List.of(
                        "{'volumeName':'w'}",
                        "{'storageClassName':'d'}",
                        "{'accessModes':['ReadWriteMany']}",
                        "{'resources':{'requests':{'storage':'2Gi'}}}")) {
            assertThat(Samples.wrongWithChange(claims, named, withSpec(named, wrong), ""))
                    .as(wrong)
                    .contains(refusal);
        }
        KubeObject bound = named.withStatus(Samples.json("{'phase':'Bound'}"));
        assertThat(
                        Samples.wrongWithChange(
                                claims,
                                bound,
                                withSpec(bound, "{'resources':{'requests':{'storage':'2Gi'}}}"),
                                ""))
                .containsExactly(
                        "spec.resources.requests.storage: Forbidden: only dynamically provisioned"
                                + " pvc can be resized and the storageclass that provisions the pvc"
                                + " must support resize");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{}|spec.capacity: Required value",
                "{'capacity':{'cpu':'1'}}|spec.capacity: Unsupported value: {\"cpu\":\"1\"}:"
                        + " supported values: \"storage\"",
                "{}|spec: Required value: must specify a volume type",
                "{'local':{'path':'/a'}}|metadata.annotations: Required value: Local volume"
                        + " requires node affinity",
                "{'local':{}}|spec.local.path: Required value",
                "{'local':{'path':'/a/../b'}}"
                        + "|spec.local.path: Invalid value: \"/a/../b\": must not contain '..'",
                "{'local':{'path':'/a'},'hostPath':{'path':'/a'}}"
                        + "|spec.hostPath: Forbidden: may not specify more than 1 volume type",
                "{'persistentVolumeReclaimPolicy':'x'}|spec.persistentVolumeReclaimPolicy:"
                        + " Unsupported value: \"x\": supported values: \"Delete\", \"Recycle\","
                        + " \"Retain\"",
                "{'nodeAffinity':{}}|spec.nodeAffinity.required: Required value: must specify"
                        + " required node constraints",
            })
    void saysWhatIsWrongWithAVolume(String spec, String message) {
        assertThat(Samples.wrongWith(ResourceType.PERSISTENT_VOLUMES, volume(spec)))
                .contains(message);
    }

    @Test
    void aVolumeKeepsItsSourceAndPlace() {
        KubeObject before = volume(SOUND_VOLUME);
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PERSISTENT_VOLUMES,
                                before,
                                withSpec(before, "{'local':{'path':'/e'}}"),
                                ""))
                .containsExactly(
                        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is"
                                + " immutable after creation");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PERSISTENT_VOLUMES,
                                before,
                                withSpec(before, "{'persistentVolumeReclaimPolicy':'Delete'}"),
                                ""))
                .isEmpty();
        KubeObject after =
                before.withSpec(
                        Samples.json(SOUND_VOLUME.replace("'values':['n']", "'values':['m']")));
        assertThat(Samples.wrongWithChange(ResourceType.PERSISTENT_VOLUMES, before, after, ""))
                .singleElement()
                .asString()
                .startsWith("nodeAffinity: Invalid value")
                .endsWith("field is immutable");
    }

    @Test
    void aClassKeepsWhatItsVolumesWereMadeBy() {
        KubeObject before = storageClass("{'provisioner':'a.b/c','volumeBindingMode':'Immediate'}");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.STORAGE_CLASSES,
                                before,
                                storageClass(
                                        "{'provisioner':'a.b/d','reclaimPolicy':'Retain',"
                                                + "'parameters':{'a':'b'},"
                                                + "'volumeBindingMode':'WaitForFirstConsumer'}"),
                                ""))
                .containsExactly(
                        "parameters: Forbidden: updates to parameters are forbidden.",
                        "provisioner: Forbidden: updates to provisioner are forbidden.",
                        "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
                        "volumeBindingMode: Invalid value: \"WaitForFirstConsumer\": field is"
                                + " immutable");
        assertThat(Samples.wrongWith(ResourceType.STORAGE_CLASSES, storageClass("{}")))
                .containsExactly("provisioner: Required value");
    }

    @Test
    void columnsAreThoseOfKubectl() {
        KubeObject claim =
                withSpec(claim(SOUND_CLAIM), "{'volumeName':'v','storageClassName':'fast'}")
                        .withStatus(
                                Samples.json(
                                        "{'phase':'Bound','capacity':{'storage':'2Gi'},"
                                            + "'accessModes':['ReadWriteMany','ReadWriteOnce']}"));
        assertThat(cells(ResourceType.PERSISTENT_VOLUME_CLAIMS, claim))
                .containsExactly(
                        Json.of("c"),
                        Json.of("Bound"),
                        Json.of("v"),
                        Json.of("2Gi"),
                        Json.of("RWO,RWX"),
                        Json.of("fast"),
                        Json.of("<unset>"),
                        Json.of("<unknown>"),
                        Json.of("Filesystem"));
        KubeObject volume =
                withSpec(volume(SOUND_VOLUME), "{'claimRef':{'namespace':'default','name':'c'}}");
        assertThat(cells(ResourceType.PERSISTENT_VOLUMES, volume).subList(0, 9))
                .containsExactly(
                        Json.of("v"),
                        Json.of("1Gi"),
                        Json.of("RWO"),
                        Json.of("Retain"),
                        Json.of("Pending"),
                        Json.of("default/c"),
                        Json.of(""),
                        Json.of("<unset>"),
                        Json.of(""));
        KubeObject first =
                storageClass("{'provisioner':'a.b/c'}")
                        .withAnnotations(
                                java.util.Map.of(
                                        "storageclass.kubernetes.io/is-default-class", "true"));
        assertThat(cells(ResourceType.STORAGE_CLASSES, first).subList(0, 5))
                .containsExactly(
                        Json.of("s (default)"),
                        Json.of("a.b/c"),
                        Json.of("Delete"),
                        Json.of("Immediate"),
                        Json.of(false));
    }
}
