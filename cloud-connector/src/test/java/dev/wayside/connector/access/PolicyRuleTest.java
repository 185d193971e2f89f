// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.apiserver.RequestInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyRuleTest {
    private static final String PODS =
            "{'apiGroups':[''],'resources':['pods'],'verbs':['get','list']}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "'apiGroups':[''],'resources':['pods'],'verbs':['get'] | GET"
                        + " /api/v1/namespaces/n/pods/p | true",
                "'apiGroups':[''],'resources':['pods'],'verbs':['get'] | GET"
                        + " /api/v1/namespaces/n/pods | false",
                "'apiGroups':[''],'resources':['pods'],'verbs':['get'] | GET"
                        + " /api/v1/namespaces/n/pods/p/status | false",
                "'apiGroups':[''],'resources':['pods/status'],'verbs':['get'] | GET"
                        + " /api/v1/namespaces/n/pods/p/status | true",
                "'apiGroups':[''],'resources':['pods/status'],'verbs':['get'] | GET"
                        + " /api/v1/namespaces/n/pods/p | false",
                "'apiGroups':['apps'],'resources':['*/scale'],'verbs':['patch'] | PATCH"
                        + " /apis/apps/v1/namespaces/n/deployments/d/scale | true",
                "'apiGroups':['apps'],'resources':['*/scale'],'verbs':['patch'] | PATCH"
                        + " /apis/apps/v1/namespaces/n/deployments/d | false",
                "'apiGroups':[''],'resources':['*'],'verbs':['*'] | DELETE"
                        + " /api/v1/namespaces/n/pods | true",
                "'apiGroups':[''],'resources':['*'],'verbs':['*'] | DELETE"
                        + " /apis/apps/v1/namespaces/n/deployments/d | false",
                "'apiGroups':[''],'resources':['pods'],'verbs':['delete'] | DELETE"
                        + " /api/v1/namespaces/n/pods | false",
                "'apiGroups':[''],'resources':['pods'],'verbs':['deletecollection'] | DELETE"
                        + " /api/v1/namespaces/n/pods | true",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods/p | true",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods/q | false",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods | false",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods?fieldSelector=metadata.name%3Dp | true",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods?watch=true&fieldSelector=metadata.name%3Dp |"
                        + " true",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | GET"
                        + " /api/v1/namespaces/n/pods?fieldSelector=metadata.name%3Dq | false",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['p'],'verbs':['*'] | POST"
                        + " /api/v1/namespaces/n/pods?fieldSelector=metadata.name%3Dp | false",
                "'nonResourceURLs':['/apis/*'],'verbs':['get'] | GET /apis/apps | true",
                "'nonResourceURLs':['/apis/*'],'verbs':['get'] | GET /apis | false",
                "'nonResourceURLs':['/apis'],'verbs':['get'] | GET /apis/ | true",
                "'nonResourceURLs':['/apis'],'verbs':['get'] | POST /apis | false",
                "'nonResourceURLs':['*'],'verbs':['*'] | GET /openapi/v3 | true",
                "'nonResourceURLs':['*'],'verbs':['*'] | GET /api/v1/pods | false",
            })
    void allowsWhatKubernetesWould(String rule, String request, boolean allowed) {
        int space = request.indexOf(' ');
        RequestInfo info =
                RequestInfo.parse(request.substring(0, space), request.substring(space + 1));
        assertThat(rule("{" + rule + "}").allows(info)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "'apiGroups':['*'],'resources':['*'],'verbs':['*'] | true",
                "'apiGroups':[''],'resources':['*'],'verbs':['*'] | true",
                "'apiGroups':[''],'resources':['pods','secrets'],'verbs':['get','list','watch'] |"
                        + " true",
                "'apiGroups':[''],'resources':['pods'],'verbs':['get'] | false",
                "'apiGroups':['apps'],'resources':['pods'],'verbs':['*'] | false",
                "'apiGroups':[''],'resources':['pods'],'resourceNames':['a'],'verbs':['*'] | false",
                "'apiGroups':[''],'resources':['pods/log'],'verbs':['*'] | false",
                "'nonResourceURLs':['*'],'verbs':['*'] | false",
            })
    void coversNoMoreThanItHas(String own, boolean covered) {
        PolicyRule rule = rule("{" + own + "}");
        assertThat(rule(PODS).simple().stream().allMatch(rule::covers)).isEqualTo(covered);
    }

    @Test
    void aStarIsCoveredByAStarAlone() {
        PolicyRule named = rule("{'apiGroups':[''],'resources':['pods'],'verbs':['get']}");
        PolicyRule star = rule("{'apiGroups':['*'],'resources':['*'],'verbs':['*']}");
        PolicyRule paths = rule("{'nonResourceURLs':['/apis/*'],'verbs':['get']}");
        PolicyRule wider = rule("{'nonResourceURLs':['/*'],'verbs':['get']}");
        assertThat(named.covers(star)).isFalse();
        assertThat(star.covers(star)).isTrue();
        assertThat(wider.covers(paths)).isTrue();
        assertThat(paths.covers(wider)).isFalse();
    }

    @Test
    void saysWhatItIsAsKubernetesDoes() {
        assertThat(rule(PODS))
                .hasToString("{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\", \"list\"]}");
    }

    private static PolicyRule rule(String json) {
        return PolicyRule.of(TestingStore.json(json.replace('\'', '"')));
    }
}
