@MP107 @requirement-2
Feature: Service Users do not notice that the data update runs
  It goes on in short transactions while the S1SP serves: no Service Request is refused, lost or late because of it,
  and none sees or leaves half a pair of certificates.

  @MP107-R2-20 @FIA-3.3.2 @severity-blocker
  Scenario Outline: Service Requests before, during and after the data update are answered as ever
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And another device of <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied slot by slot to the database of <s1sp>, with Service Requests before, during and after it
    Then every Service Request got the answer it gets without the data update, before it or after it

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-21 @FIA-4.2.2 @S1SR-4.2 @severity-blocker
  Scenario Outline: The data update and an SRV 6.15.1 for the same slot never mix
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied to the database of <s1sp>, and <moment> the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's renewed certificate
    Then either the request or the data update has replaced the pair of certificates, and the other has not
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type | moment                            |
      | S1SP1 | ESME        | before its first batch            |
      | S1SP1 | ESME        | within the transaction of a batch |
      | S1SP1 | GPF         | before its first batch            |
      | S1SP1 | GPF         | within the transaction of a batch |
      | S1SP2 | ESME        | before its first batch            |
      | S1SP2 | ESME        | within the transaction of a batch |
      | S1SP2 | GPF         | before its first batch            |
      | S1SP2 | GPF         | within the transaction of a batch |
      | S1SP3 | ESME        | before its first batch            |
      | S1SP3 | ESME        | within the transaction of a batch |
      | S1SP3 | GPF         | before its first batch            |
      | S1SP3 | GPF         | within the transaction of a batch |
