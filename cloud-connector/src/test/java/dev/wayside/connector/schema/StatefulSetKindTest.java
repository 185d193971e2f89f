// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** StatefulSets, and grids of them. */
final class StatefulSetKindTest {
    private static final ResourceType SETS = ResourceType.STATEFUL_SETS;
    private static final String SPEC =
            "'selector':{'matchLabels':{'app':'web'}},'template':" + Samples.TEMPLATE;
    private static final String CLAIMS =
            ",'volumeClaimTemplates':[{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':"
                + "{'name':'data'},'spec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':"
                + "{'storage':'1Gi'}}}}]";

    private static KubeObject set(String specMembers) {
        return Samples.object(
                "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','namespace':"
                        + "'default'},'spec':{"
                        + specMembers
                        + "}}");
    }

    private static List<String> wrong(String more) {
        return Samples.wrongWith(SETS, set(SPEC + more));
    }

    @Test
    void defaultsAreThoseOfKubernetes() {
        KindDefinition kind = Samples.kind(SETS);
        JsonObject spec = kind.withDefaults(set(SPEC + CLAIMS)).spec();
        assertThat(spec.without("selector").without("template"))
                .isEqualTo(
                        Samples.json(
                                "{'replicas':1,'podManagementPolicy':'OrderedReady','updateStrategy':"
                                    + "{'type':'RollingUpdate','rollingUpdate':{'partition':0,"
                                    + "'maxUnavailable':1}},'revisionHistoryLimit':10,"
                                    + "'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'Retain',"
                                    + "'whenScaled':'Retain'},'volumeClaimTemplates':[{'apiVersion':'v1',"
                                    + "'kind':'PersistentVolumeClaim','metadata':{'name':'data'},'spec':"
                                    + "{'accessModes':['ReadWriteOnce'],'resources':{'requests':"
                                    + "{'storage':'1Gi'}},'volumeMode':'Filesystem'},'status':{'phase':"
                                    + "'Pending'}}]}"));
        assertThat(kind.unknownFields(set(SPEC + CLAIMS).json())).isEmpty();
        assertThat(kind.withDefaults(kind.withDefaults(set(SPEC + CLAIMS))).spec()).isEqualTo(spec);
        assertThat(wrong(CLAIMS)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                ",'podManagementPolicy':'Some'|spec.podManagementPolicy: Invalid value: \"Some\":"
                        + " must be 'OrderedReady' or 'Parallel'",
                ",'updateStrategy':{'type':'OnDelete','rollingUpdate':{'partition':1}}|spec.updateStrategy.rollingUpdate:"
                    + " Invalid value: {\"partition\":1}: only allowed for updateStrategy"
                    + " 'RollingUpdate'",
                ",'updateStrategy':{'type':'Some'}|spec.updateStrategy: Invalid value:"
                        + " {\"type\":\"Some\"}: must be 'RollingUpdate' or 'OnDelete'",
                ",'updateStrategy':{'rollingUpdate':{'partition':-1}}"
                        + "|spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be"
                        + " greater than or equal to 0",
                ",'updateStrategy':{'rollingUpdate':{'maxUnavailable':0}}"
                        + "|spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0:"
                        + " cannot be 0",
                ",'updateStrategy':{'rollingUpdate':{'maxUnavailable':'200%'}}"
                        + "|spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value:"
                        + " \"200%\": must not be greater than 100%",
                ",'ordinals':{'start':-1}|spec.ordinals.start: Invalid value: -1: must be greater"
                        + " than or equal to 0",
                ",'persistentVolumeClaimRetentionPolicy':{'whenScaled':'Keep'}|spec.persistentVolumeClaimRetentionPolicy.whenScaled:"
                    + " Unsupported value: \"Keep\": supported values: \"Delete\", \"Retain\"",
                ",'serviceName':'a.b'|spec.serviceName: Invalid value: \"a.b\": a lowercase RFC"
                    + " 1123 label must consist of lower case alphanumeric characters or '-', and"
                    + " must start and end with an alphanumeric character (e.g. 'my-name',  or"
                    + " '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                ",'volumeClaimTemplates':[{}]|spec.volumeClaimTemplates[0].metadata.name: Required"
                        + " value"
            })
    void whatIsWrongIsSaidInKubernetesWords(String more, String message) {
        assertThat(wrong(more)).containsExactly(message);
    }

    @Test
    void itsNameIsOfHosts() {
        KubeObject dotted = set(SPEC).withMetadata("name", dev.wayside.model.Json.of("a.b"));
        assertThat(Samples.wrongWith(SETS, dotted)).hasSize(1).first().asString().contains("label");
        assertThat(Samples.wrongWith(SETS, set("'selector':{},'template':" + Samples.TEMPLATE)))
                .containsExactly(
                        "spec.selector: Invalid value: {}: empty selector is invalid for"
                                + " statefulset");
    }

    @Test
    void containersMayMountClaims() {
        String mounting =
                SPEC.replace(
                        "'image':'nginx'",
                        "'image':'nginx','volumeMounts':[{'name':'data','mountPath':'/d'}]");
        assertThat(Samples.wrongWith(SETS, set(mounting + CLAIMS))).isEmpty();
        assertThat(Samples.wrongWith(SETS, set(mounting)))
                .containsExactly(
                        "spec.template.spec.containers[0].volumeMounts[0].name: Not found:"
                                + " \"data\"");
    }

    @Test
    void onlyWhatDoesNotBelongToPodsAndClaimsThatAreThereMayChange() {
        String may =
                ",'replicas':3,'ordinals':{'start':1},'updateStrategy':{'type':'OnDelete'},"
                        + "'revisionHistoryLimit':3,'minReadySeconds':5,"
                        + "'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'Delete'}";
        assertThat(Samples.wrongWithChange(SETS, set(SPEC), set(SPEC + may), "")).isEmpty();
        for (String not :
                List.of(",'serviceName':'s'", ",'podManagementPolicy':'Parallel'", CLAIMS)) {
            assertThat(Samples.wrongWithChange(SETS, set(SPEC), set(SPEC + not), ""))
                    .containsExactly(
                            "spec: Forbidden: updates to statefulset spec for fields other than"
                                + " 'replicas', 'ordinals', 'template', 'updateStrategy',"
                                + " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy'"
                                + " and 'minReadySeconds' are forbidden");
        }
    }

    @Test
    void aGridsTemplatesAreCheckedAsThoseOfSets() {
        String grid =
                "{'apiVersion':'superedge.io/v1','kind':'StatefulSetGrid','metadata':{'name':'web',"
                        + "'namespace':'default'},'spec':{'gridUniqKey':'site','template':{"
                        + SPEC
                        + CLAIMS
                        + "}}}";
        ResourceType grids = ResourceType.STATEFUL_SET_GRIDS;
        assertThat(Samples.wrongWith(grids, Samples.object(grid))).isEmpty();
        assertThat(Samples.kind(grids).unknownFields(Samples.json(grid))).isEmpty();
        assertThat(
                        Samples.wrongWith(
                                grids,
                                Samples.object(
                                        grid.replace(CLAIMS, ",'podManagementPolicy':'Some'"))))
                .containsExactly(
                        "spec.template.podManagementPolicy: Invalid value: \"Some\": must be"
                                + " 'OrderedReady' or 'Parallel'");
        assertThat(
                        Samples.wrongWith(
                                grids, Samples.object(grid.replace("'web','name", "'a.b','name"))))
                .isNotEmpty();
    }

    @Test
    void aRevisionKeepsItsData() {
        ResourceType type = ResourceType.CONTROLLER_REVISIONS;
        KubeObject revision =
                Samples.object(
                        "{'metadata':{'name':'r','namespace':'default'},'data':{'a':{'b':1}},"
                                + "'revision':1}");
        assertThat(Samples.wrongWith(type, revision)).isEmpty();
        assertThat(Samples.kind(type).withDefaults(revision).json().object("data"))
                .isEqualTo(Samples.json("{'a':{'b':1}}"));
        assertThat(
                        Samples.wrongWithChange(
                                type, revision, revision.with("data", Samples.json("{}")), ""))
                .containsExactly("data: Invalid value: {}: field is immutable");
        assertThat(
                        Samples.wrongWith(
                                type, Samples.object("{'metadata':{'name':'r'},'revision':-1}")))
                .containsExactly(
                        "revision: Invalid value: -1: must be greater than or equal to 0",
                        "data: Required value: data is mandatory");
    }
}
