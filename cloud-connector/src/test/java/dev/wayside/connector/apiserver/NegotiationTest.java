// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.apiserver.Negotiation.Form;
import org.junit.jupiter.api.Test;

class NegotiationTest {

    @Test
    void takesTheFirstFormThatIsServed() {
        assertThat(
                        Negotiation.choose(
                                "application/json;as=Table;v=v1;g=meta.k8s.io,"
                                        + "application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
                                        + "application/json"))
                .isEqualTo(Form.TABLE);
        assertThat(Negotiation.choose("application/vnd.kubernetes.protobuf,application/json"))
                .isEqualTo(Form.PLAIN);
        assertThat(
                        Negotiation.choose(
                                "application/json;g=apidiscovery.k8s.io;v=v2;"
                                        + "as=APIGroupDiscoveryList"))
                .isEqualTo(Form.DISCOVERY);
        assertThat(
                        Negotiation.choose(
                                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"))
                .isEqualTo(Form.METADATA);
        assertThat(Negotiation.choose("")).isEqualTo(Form.PLAIN);
        assertThat(Negotiation.choose("*/*")).isEqualTo(Form.PLAIN);
    }

    @Test
    void refusesWhenNothingIsServed() {
        assertThatThrownBy(() -> Negotiation.choose("application/vnd.kubernetes.protobuf"))
                .hasMessageContaining("only the following media types are accepted");
    }
}
