@MP107 @requirement-1
Feature: A Network Operator repairs a wrong certificate on a SMETS1 device
  The wrong Network Operator's certificate is in the Network Operator slot of a device. With MP107 its owner,
  who is not registered for the meter point, may place the right operator's certificate with SRV 6.15.1:
  the registration check of the DSP and of the S1SP no longer applies to that one request.

  @MP107-T01 @FIA-5.2 @FIA-4.1 @FIA-4.2.1 @SRPD-6.2d @severity-blocker
  Scenario Outline: The incorrect Network Operator places the correct certificate after a wrong handover
    Given the <device_type> served by <s1sp> whose Network Operator slot is under DCC control
    When the Supplier sends SRV 6.21 placing the incorrect Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the incorrect Network Operator as the new party
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party
    And the answer's replacement mode is NetworkOperatorByNetworkOperator
    And SRV 6.24.1 by the correct Network Operator shows the correct Network Operator's certificates in the slot
    And it is recorded whether alert N42 told of the change

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T02 @FIA-4.2.1 @S1SR-4.2 @severity-blocker
  Scenario Outline: After the repair the correct Network Operator owns the slot and the incorrect one does not
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And the incorrect Network Operator has placed the correct Network Operator's certificate with SRV 6.15.1
    When the incorrect Network Operator sends SRV 6.15.1 placing the incorrect Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> rejects the request with S1SP Alert S1VE64
    And no slot has changed
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T03 @FIA-1 @severity-critical
  Scenario Outline: Device alerts follow the certificate from the incorrect to the correct Network Operator
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the device raises an alert
    Then the alert reaches the incorrect Network Operator and nobody else
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party
    When the device raises an alert
    Then the alert reaches the correct Network Operator and nobody else

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T04 @FIA-3.2 @S1SR-4.2 @severity-critical
  Scenario Outline: While the wrong certificate is there the correct Network Operator is refused by the owner check
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> rejects the request with S1SP Alert S1VE64
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T05 @DP107 @FIA-4.2.1 @SRPD-6.2d @severity-blocker
  Scenario Outline: A wrong certificate placed by the correct Network Operator itself is repaired the same way
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When the correct Network Operator sends SRV 6.15.1 placing the incorrect Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the incorrect Network Operator as the new party
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party
    And SRV 6.24.1 by the correct Network Operator shows the correct Network Operator's certificates in the slot

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
