// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodeAffinityTest {
    private static final KubeObject NODE =
            KubeObject.of(ResourceType.NODES, "", "gw-1")
                    .withLabels(Map.of("site", "site-1", "disk", "flash"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "true  | {}",
                "true  | {'nodeSelector':{'site':'site-1'}}",
                "false | {'nodeSelector':{'site':'site-2'}}",
                "true  |"
                    + " TERMS[{'matchExpressions':[{'key':'disk','operator':'In','values':['flash']}]}]",
                "false |"
                    + " TERMS[{'matchExpressions':[{'key':'disk','operator':'NotIn','values':['flash']}]}]",
                "true  |"
                    + " TERMS[{'matchFields':[{'key':'metadata.name','operator':'In','values':['gw-1']}]}]",
                "false |"
                    + " TERMS[{'matchFields':[{'key':'metadata.name','operator':'In','values':['gw-2']}]}]",
                "false | TERMS[{}]",
                "false | TERMS[]",
                "false | TERMS[{'matchExpressions':[{'key':'disk','operator':'Near'}]}]",
                "true  | TERMS[{'matchExpressions':[{'key':'disk','operator':'Near'}]},"
                        + "{'matchExpressions':[{'key':'disk','operator':'Exists'}]}]",
            })
    void matchesAsTheSchedulerOfKubernetesDoes(boolean matches, String spec) throws Exception {
        String json =
                spec.startsWith("TERMS")
                        ? "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':"
                              + "{'nodeSelectorTerms':"
                                + spec.substring("TERMS".length())
                                + "}}}}"
                        : spec;
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", "p")
                        .withSpec((JsonObject) Json.parse(json.replace('\'', '"')));
        assertThat(NodeAffinity.matches(pod, NODE)).isEqualTo(matches);
    }
}
