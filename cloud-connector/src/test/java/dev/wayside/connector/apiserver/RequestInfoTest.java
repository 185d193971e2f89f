// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestInfoTest {

    @ParameterizedTest
    @CsvSource({
        "GET,/api/v1/pods,list,'','',pods,'',''",
        "GET,/api/v1/namespaces/default/pods,list,'',default,pods,'',''",
        "GET,/api/v1/namespaces/default/pods?watch=true,watch,'',default,pods,'',''",
        "GET,/api/v1/namespaces/default/pods?watch=0,list,'',default,pods,'',''",
        "GET,/api/v1/namespaces/default/pods/p1,get,'',default,pods,p1,''",
        "PUT,/api/v1/namespaces/default/pods/p1/status,update,'',default,pods,p1,status",
        "PATCH,/apis/apps/v1/namespaces/n/deployments/d/scale,patch,apps,n,deployments,d,scale",
        "GET,/api/v1/namespaces,list,'','',namespaces,'',''",
        "GET,/api/v1/namespaces/foo,get,'','',namespaces,foo,''",
        "PUT,/api/v1/namespaces/foo/finalize,update,'','',namespaces,foo,finalize",
        "PATCH,/api/v1/namespaces/foo/status,patch,'','',namespaces,foo,status",
        "POST,/api/v1/nodes,create,'','',nodes,'',''",
        "DELETE,/api/v1/nodes,deletecollection,'','',nodes,'',''",
        "DELETE,/api/v1/nodes/a/,delete,'','',nodes,a,''",
    })
    void readsWhatAPathAsksFor(
            String method,
            String target,
            String verb,
            String group,
            String namespace,
            String resource,
            String name,
            String subresource) {
        RequestInfo info = RequestInfo.parse(method, target);

        assertThat(info.resourceRequest()).isTrue();
        assertThat(info.verb()).isEqualTo(verb);
        assertThat(info.group()).isEqualTo(group);
        assertThat(info.version()).isEqualTo("v1");
        assertThat(info.namespace()).isEqualTo(namespace);
        assertThat(info.resource()).isEqualTo(resource);
        assertThat(info.name()).isEqualTo(name);
        assertThat(info.subresource()).isEqualTo(subresource);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/healthz", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1"})
    void takesShortPathsForNoResource(String target) {
        assertThat(RequestInfo.parse("GET", target).resourceRequest()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "api/v1",
                "/api/v1/../pods",
                "/api/v1/%2e%2e/pods",
                "/api/v1//pods",
                "/api/v1/namespaces/a%2fb/pods",
                "/api/v1/namespaces/a%00/pods",
                "/api/v1/namespaces/a%0a/pods",
                "/api/v1/namespaces/a%5cb/pods",
                "/api/v1/namespaces/%c3%28/pods",
                "/api/v1/namespaces/%zz/pods",
                "/api/v1/namespaces/%4/pods",
                "/api/v1/namespaces/ä/pods",
                "/api/v1/pods?x=%zz",
                "/api/v1/pods?x=%00",
            })
    void refusesWhatCouldBeReadInTwoWays(String target) {
        assertThatThrownBy(() -> RequestInfo.parse("GET", target))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.BAD_REQUEST));
    }

    @Test
    void decodesTheQuery() {
        RequestInfo info =
                RequestInfo.parse(
                        "GET",
                        "/api/v1/pods?fieldSelector=metadata.name%3Da&labelSelector=a+in+%28b%29"
                                + "&limit=500");

        assertThat(info.selectedName()).isEqualTo("a");
        assertThat(info.labels().toString()).isEqualTo("a=b");
        assertThat(info.query().number("limit")).hasValue(500);
    }

    @Test
    void refusesPathsThatAreTooDeepAndQueriesThatAreTooLong() {
        assertThatThrownBy(() -> RequestInfo.parse("GET", "/a".repeat(20)))
                .isInstanceOf(ApiException.class);
        StringBuilder query = new StringBuilder("/api/v1/pods?");
        for (int i = 0; i < 100; i++) {
            query.append("p").append(i).append("=1&");
        }
        assertThatThrownBy(() -> RequestInfo.parse("GET", query.toString()))
                .isInstanceOf(ApiException.class);
    }
}
