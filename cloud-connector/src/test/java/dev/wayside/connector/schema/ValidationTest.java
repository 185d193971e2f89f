// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names, metadata and the kinds without pods in them. */
class ValidationTest {
    private static final String SUBDOMAIN =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-'"
                    + " or '.', and must start and end with an alphanumeric character (e.g."
                    + " 'example.com', regex used for validation is"
                    + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private static final String LABEL =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
                    + " and must start and end with an alphanumeric character (e.g. 'my-name',  or"
                    + " '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private static final String QUALIFIED =
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start"
                    + " and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
                    + " '123-abc', regex used for validation is"
                    + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private static final String VALUE =
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_'"
                + " or '.', and must start and end with an alphanumeric character (e.g. 'MyValue', "
                + " or 'my_value',  or '12345', regex used for validation is"
                + " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private static List<String> configMap(String metadata, String members) {
        return Samples.wrongWith(
                ResourceType.CONFIG_MAPS,
                Samples.object("{'metadata':{" + metadata + "}" + members + "}"));
    }

    @Test
    void aSoundObjectHasNothingWrong() {
        assertThat(configMap("'name':'a.b-c','namespace':'default'", ",'data':{'a.b':'x'}"))
                .isEmpty();
    }

    @Test
    void namesAreExplainedInTheKnownWords() {
        assertThat(configMap("'name':'Bad_Name'", ""))
                .containsExactly("metadata.name: Invalid value: \"Bad_Name\": " + SUBDOMAIN);
        assertThat(configMap("", ""))
                .containsExactly("metadata.name: Required value: name or generateName is required");
        assertThat(configMap("'generateName':'web-'", "")).isEmpty();
        assertThat(configMap("'generateName':'Web-'", ""))
                .containsExactly("metadata.generateName: Invalid value: \"Web-\": " + SUBDOMAIN);
        assertThat(configMap("'name':'" + "x".repeat(254) + "'", ""))
                .singleElement()
                .asString()
                .endsWith("must be no more than 253 bytes");
        assertThat(
                        Samples.wrongWith(
                                ResourceType.NAMESPACES,
                                Samples.object("{'metadata':{'name':'a.b'}}")))
                .contains("metadata.name: Invalid value: \"a.b\": " + LABEL);
    }

    @Test
    void absurdlyLongNamesAreRefusedForTheirLength() {
        assertThat(configMap("'name':'" + "a.".repeat(500_000) + "'", ""))
                .singleElement()
                .asString()
                .hasSizeLessThan(4096)
                .endsWith("...\": must be no more than 253 bytes");
        StringBuilder labels = new StringBuilder("'ok':''");
        for (int i = 0; i < 5_000; i++) {
            labels.append(",'-").append(i).append("':''");
        }
        assertThat(configMap("'name':'a','labels':{" + labels + "}", "")).hasSize(200);
    }

    @Test
    void labelsAndAnnotationsAreExplained() {
        assertThat(
                        configMap(
                                "'name':'a','labels':{'-x':'ok','y':'not ok'},"
                                        + "'annotations':{'a b':'any thing','Upper.io/Fine':''}",
                                ""))
                .containsExactly(
                        "metadata.labels: Invalid value: \"-x\": " + QUALIFIED,
                        "metadata.labels: Invalid value: \"not ok\": " + VALUE,
                        "metadata.annotations: Invalid value: \"a b\": " + QUALIFIED);
        assertThat(configMap("'name':'a','annotations':{'a':'" + "x".repeat(262144) + "'}", ""))
                .containsExactly(
                        "metadata.annotations: Too long: may not be more than 262144 bytes");
    }

    @Test
    void ownersAndFinalizersAreChecked() {
        assertThat(
                        configMap(
                                "'name':'a','ownerReferences':[{'apiVersion':'v1','kind':'Pod',"
                                        + "'name':'p','uid':''}],'finalizers':['a/b/c']",
                                ""))
                .satisfiesExactly(
                        text ->
                                assertThat(text)
                                        .isEqualTo(
                                                "metadata.ownerReferences.uid: Invalid value:"
                                                        + " \"\": must not be empty"),
                        text ->
                                assertThat(text)
                                        .startsWith(
                                                "metadata.finalizers: Invalid value: \"a/b/c\": a"
                                                        + " qualified name must consist of")
                                        .endsWith(
                                                "with an optional DNS subdomain prefix and '/'"
                                                        + " (e.g. 'example.com/MyName')"));
        String owner = "{'apiVersion':'v1','kind':'Pod','name':'p','uid':'u','controller':true}";
        assertThat(configMap("'name':'a','ownerReferences':[" + owner + "," + owner + "]", ""))
                .singleElement()
                .asString()
                .contains("Only one reference can have Controller set to true");
    }

    @Test
    void clusterWideObjectsHaveNoNamespace() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.NODES,
                                Samples.object("{'metadata':{'name':'n','namespace':'x'}}")))
                .containsExactly("metadata.namespace: Forbidden: not allowed on this type");
    }

    @Test
    void whatIsSetOnceStays() {
        KubeObject before =
                Samples.object(
                        "{'metadata':{'name':'a','uid':'1','deletionTimestamp':"
                                + "'2026-01-01T00:00:00Z','finalizers':['x/a']}}");
        KubeObject after =
                Samples.object(
                        "{'metadata':{'name':'b','uid':'2','deletionTimestamp':"
                                + "'2026-01-01T00:00:00Z','finalizers':['x/a','x/b']}}");
        assertThat(Samples.wrongWithChange(ResourceType.CONFIG_MAPS, before, after, ""))
                .containsExactly(
                        "metadata.name: Invalid value: \"b\": field is immutable",
                        "metadata.uid: Invalid value: \"2\": field is immutable",
                        "metadata.finalizers: Forbidden: no new finalizers can be added if the"
                                + " object is being deleted, found new finalizers"
                                + " []string{\"x/b\"}");
    }

    @Test
    void configMapsHaveGoodKeysAndLimits() {
        assertThat(
                        configMap(
                                "'name':'a'",
                                ",'data':{'a b':'x','..':'y','k':''},'binaryData':{'k':''}"))
                .containsExactly(
                        "data[a b]: Invalid value: \"a b\": a valid config key must consist of"
                                + " alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
                                + " 'KEY_NAME',  or 'key-name', regex used for validation is"
                                + " '[-._a-zA-Z0-9]+')",
                        "data[..]: Invalid value: \"..\": must not be '..'",
                        "data[k]: Invalid value: \"k\": duplicate of key present in binaryData");
        assertThat(configMap("'name':'a'", ",'data':{'a':'" + "x".repeat(1024 * 1024) + "'}"))
                .isEmpty();
        assertThat(configMap("'name':'a'", ",'data':{'a':'" + "x".repeat(1024 * 1024 + 1) + "'}"))
                .containsExactly("[]: Too long: may not be more than 1048576 bytes");
    }

    @Test
    void immutableDataStays() {
        KubeObject before =
                Samples.object("{'metadata':{'name':'a'},'immutable':true,'data':{'a':'1'}}");
        KubeObject after = Samples.object("{'metadata':{'name':'a'},'data':{'a':'2'}}");
        for (ResourceType type : List.of(ResourceType.CONFIG_MAPS, ResourceType.SECRETS)) {
            assertThat(Samples.wrongWithChange(type, before, after, ""))
                    .containsExactly(
                            "immutable: Forbidden: field is immutable when `immutable` is set",
                            "data: Forbidden: field is immutable when `immutable` is set");
        }
    }

    @Test
    void aSecretsTypeStaysAndAsksForItsKeys() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.SECRETS,
                                Samples.object(
                                        "{'metadata':{'name':'s'},'type':'kubernetes.io/tls',"
                                                + "'data':{'tls.crt':''}}")))
                .containsExactly("data[tls.key]: Required value");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.SECRETS,
                                Samples.object("{'metadata':{'name':'s'}}"),
                                Samples.object("{'metadata':{'name':'s'},'type':'x'}"),
                                ""))
                .containsExactly("type: Invalid value: \"x\": field is immutable");
    }

    @Test
    void noMessageShowsASecretsValue() {
        List<String> wrong =
                Samples.wrongWith(
                        ResourceType.SECRETS,
                        Samples.object(
                                "{'metadata':{'name':'s'},'data':{'bad key':'aHVzaA=='},"
                                        + "'stringData':{'..':'hush'}}"));
        assertThat(wrong).hasSize(2).noneMatch(text -> text.contains("hush"));
        assertThat(wrong).noneMatch(text -> text.contains("aHVzaA"));
    }

    @Test
    void leasesLastForSomeTime() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.LEASES,
                                Samples.object(
                                        "{'metadata':{'name':'l'},'spec':{'leaseDurationSeconds':0,"
                                                + "'leaseTransitions':-1}}")))
                .containsExactly(
                        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
                        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal"
                                + " to 0");
    }

    @ParameterizedTest
    @CsvSource({"default,'',true", "a,a,true", "'','',true", "a,'',false", "a,b,false"})
    void eventsLiveBesideWhatTheyAreAbout(String namespace, String about, boolean fits) {
        List<String> wrong =
                Samples.wrongWith(
                        ResourceType.EVENTS,
                        Samples.object(
                                "{'metadata':{'name':'e','namespace':'"
                                        + namespace
                                        + "'},'involvedObject':{'namespace':'"
                                        + about
                                        + "'}}"));
        assertThat(wrong.isEmpty()).isEqualTo(fits);
    }

    @Test
    void nodesHaveGoodTaintsAndKeepTheirSubnet() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.NODES,
                                Samples.object(
                                        "{'metadata':{'name':'n'},'spec':{'podCIDR':'10.0.0.0/33',"
                                                + "'taints':[{'key':'k','effect':'Never'},"
                                                + "{'key':'k','effect':'Never'}]}}")))
                .containsExactly(
                        "spec.taints[0].effect: Unsupported value: \"Never\": supported values:"
                                + " \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
                        "spec.taints[1].effect: Unsupported value: \"Never\": supported values:"
                                + " \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
                        "spec.taints[1]: Duplicate value: {\"key\":\"k\",\"effect\":\"Never\"}",
                        "spec.podCIDRs[0]: Invalid value: \"10.0.0.0/33\": must be a valid CIDR"
                                + " value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.NODES,
                                Samples.object(
                                        "{'metadata':{'name':'n'},'spec':{'podCIDR':"
                                                + "'10.0.0.0/24'}}"),
                                Samples.object(
                                        "{'metadata':{'name':'n'},'spec':{'podCIDR':"
                                                + "'10.0.1.0/24'}}"),
                                ""))
                .containsExactly(
                        "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from"
                                + " \"\" to valid");
    }

    private static final String REQUEST =
            java.util.Base64.getEncoder()
                    .encodeToString(
                            "-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n"
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));

    private static KubeObject request(String spec, String conditions) {
        return Samples.object(
                "{'metadata':{'name':'r'},'spec':{"
                        + spec
                        + "},'status':{'conditions':["
                        + conditions
                        + "]}}");
    }

    private static final String SOUND_REQUEST =
            "'request':'"
                    + REQUEST
                    + "','signerName':'kubernetes.io/kube-apiserver-client-kubelet',"
                    + "'usages':['digital signature','client auth']";

    @Test
    void signingRequestsSayWhatTheyWant() {
        ResourceType type = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
        assertThat(Samples.wrongWith(type, request(SOUND_REQUEST, ""))).isEmpty();
        assertThat(
                        Samples.wrongWith(
                                type,
                                request(
                                        "'request':'aGk=','signerName':'x','usages':['fly','fly'],'expirationSeconds':1",
                                        "")))
                .satisfiesExactly(
                        text ->
                                assertThat(text)
                                        .isEqualTo(
                                                "spec.request: Invalid value: \"aGk=\": PEM block"
                                                        + " type must be CERTIFICATE REQUEST"),
                        text ->
                                assertThat(text)
                                        .startsWith("spec.usages[0]: Unsupported value: \"fly\""),
                        text ->
                                assertThat(text)
                                        .startsWith("spec.usages[1]: Unsupported value: \"fly\""),
                        text ->
                                assertThat(text)
                                        .isEqualTo("spec.usages[1]: Duplicate value: \"fly\""),
                        text ->
                                assertThat(text)
                                        .isEqualTo(
                                                "spec.signerName: Invalid value: \"x\": must be a"
                                                        + " fully qualified domain and path of the"
                                                        + " form 'example.com/signer-name'"),
                        text ->
                                assertThat(text)
                                        .isEqualTo(
                                                "spec.expirationSeconds: Invalid value: 1: may not"
                                                    + " specify a duration less than 600 seconds"
                                                    + " (10 minutes)"));
    }

    @Test
    void onlyTheApprovalSubresourceApproves() {
        ResourceType type = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
        KubeObject before = request(SOUND_REQUEST, "");
        KubeObject after = request(SOUND_REQUEST, "{'type':'Approved','status':'True'}");
        assertThat(Samples.wrongWithChange(type, before, after, "approval")).isEmpty();
        assertThat(Samples.wrongWithChange(type, before, after, "status"))
                .containsExactly(
                        "status.conditions: Forbidden: updates may not add a condition of type"
                                + " \"Approved\"");
        assertThat(Samples.wrongWithChange(type, after, before, "approval"))
                .containsExactly(
                        "status.conditions: Forbidden: updates may not remove a condition of type"
                                + " \"Approved\"");
        KubeObject both =
                request(
                        SOUND_REQUEST,
                        "{'type':'Approved','status':'True'},{'type':'Denied','status':'True'}");
        assertThat(Samples.wrongWithChange(type, before, both, "approval"))
                .singleElement()
                .asString()
                .endsWith("Approved and Denied conditions are mutually exclusive");
    }

    @Test
    void errorsCarryKubernetesCauseTypes() {
        KindDefinition kind = Samples.kind(ResourceType.CONFIG_MAPS);
        assertThat(kind.validateCreate(Samples.object("{'metadata':{}}")))
                .containsExactly(
                        new FieldError(
                                "FieldValueRequired",
                                "metadata.name",
                                "Required value: name or generateName is required"));
    }
}
